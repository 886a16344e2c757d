/** What the client asks of the page. */
export interface Shell {
  /** The WebSocket address of the relay. */
  address(): string;
  /** Is to call {@link identified} or {@link unidentified} with the same number. */
  identify(attempt: number): void;
  /** Keeps a visitor's token. */
  keep(visitorToken: string): void;
  connected(): void;
  disconnected(): void;
  failed(error: unknown): void;
  /** Makes an error of the kind that pages see. */
  error(
    code: number,
    message: string,
    channel: unknown,
    status: number | undefined,
    recoverable: boolean,
  ): Error;
}

/** Loads the wasm; to be awaited before any other call. */
export default function load(from: { module_or_path: Response }): Promise<unknown>;

/** Makes the page's client. */
export function start(shell: Shell): void;

/** Subscribes; gives the subscription's id. Throws for a channel that breaks a rule. */
export function subscribe(
  name: string,
  resourceId: string | undefined,
  channel: object,
  handler: (message: any, channel: any) => void,
  onLive: (id: string, isSynced: boolean) => void,
  onFailed: (error: Error, id: string) => void,
): string | undefined;

/** Throws for a channel that breaks a rule, and for an id and a channel that do not belong together. */
export function unsubscribe(
  id: string | undefined,
  name: string | undefined,
  resourceId: string | undefined,
  channel: object | undefined,
): void;

export function identified(
  attempt: number,
  token: string | undefined,
  visitorToken: string | undefined,
): void;
export function unidentified(attempt: number, reason: string): void;
export function reconnect(): void;
export function close(): void;
