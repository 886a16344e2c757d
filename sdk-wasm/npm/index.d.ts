import { RealtimeError as SubscriberError, subscriber } from './subscriber.js';

export { subscriber };

/** A channel, or one of its resources. Each is a stream of its own. */
export interface Channel {
  /** 1 to 140 of the characters A-Z, a-z, 0-9, "_" and "-". */
  name: string;
  /** 1 to 1000 characters without control characters. Empty or missing: the channel itself. */
  resourceId?: string | undefined;
}

/** What a handler gets. The object is the handler's own; the payload is shared by all handlers of one message. */
export interface Message<Payload = any> {
  /** What was published: any JSON value. */
  payload: Payload;
  /** The user on whose behalf it was published, where the publisher asked for that to be shown. */
  publisher?: { id: string };
}

/** What calls reject with, and what error handlers get. The errors of `subscriber` are of the class below. */
export interface RealtimeError extends Error {
  /** 1: no connection. 2: the subscription was refused or has ended. 3: bad input. */
  errorCode: number;
  /** The channel that it is about. */
  channel?: Channel | undefined;
  /** Why the relay refused, in the numbers of HTTP: 400, 403, 429 or 503. */
  status?: number | undefined;
  /** Whether the same call may succeed later. */
  recoverable: boolean;
  /**
   * `false` where a subscription is live again after a loss and messages of `channel` may be lost meanwhile: load your
   * state anew. Not there otherwise.
   */
  isSynced?: false | undefined;
}

/** The class of the errors of `subscriber`, for `instanceof`; its type is exported by `wix-realtime-frontend/subscriber`. */
export declare const RealtimeError: typeof SubscriberError;

/**
 * Gets each message, and the channel as it was given to `subscribe`, so that one handler can serve several. What it
 * throws, and what a promise that it returns is rejected with, is shown on the console.
 */
export type MessageHandler<Payload = any, Of extends Channel = Channel> = (
  message: Message<Payload>,
  channel: Of,
) => unknown;

export interface Settings {
  /**
   * Where the relay is, such as `https://relay.example.com`. Without it: what the page's
   * `<meta name="realtime-relay" content="…">` says, else the page's own origin.
   */
  url?: string | undefined;
  /** The signed-in user's token; `null` for a visitor. When it has expired, the client stays away and says so. */
  token?: string | null | undefined;
  /**
   * Gets the user's token, for tokens that expire; nothing or `null` for a visitor. Called for the first connection, some
   * time before the token ends (a minute at most), and when the relay does not take it any more; never while a call is
   * under way, and given up after 30 s. A token that is renewed in time changes nothing for the page.
   */
  getToken?: (() => string | null | undefined | Promise<string | null | undefined>) | null | undefined;
}

/**
 * Calls `handler` for every message of a channel from now on.
 *
 * Resolves to the subscription's id as soon as every later message is sure to come; the id stays valid over lost
 * connections, and what was missed meanwhile is delivered in order. Rejects with a {@link RealtimeError}: code 1 when
 * the relay cannot be reached within 10 s, 2 when it refuses, 3 for bad input. On a server it resolves to `""`.
 */
export function subscribe<Payload = any>(channel: Channel, handler: MessageHandler<Payload>): Promise<string>;

/**
 * Ends one subscription (`subscriptionId`), or all of exactly one channel or resource that `subscribe` made (`channel`).
 * What is unknown is ignored. Rejects with code 3 when neither is given, or both and they do not belong together.
 */
export function unsubscribe(options: {
  channel?: Channel | undefined;
  subscriptionId?: string | undefined;
}): Promise<void>;

/** Calls `handler` at the first connection and at every reconnection. */
export function onConnected(handler: () => void): void;

/** Calls `handler` whenever the connection is lost. */
export function onDisconnected(handler: () => void): void;

/**
 * Calls `handler` for failures that no caller waits for: a connection that cannot be made again, a subscription that
 * has ended, and messages that may be lost (`isSynced` is `false`), once for each channel. A `subscribe` that fails rejects and is not told here.
 */
export function onError(handler: (error: RealtimeError) => void): void;

/**
 * Sets where the relay is and who the user is; what is not given stays as it was. A page that is connected connects
 * anew. Throws with code 3 on bad input.
 */
export function configure(settings: Settings): void;

/** Ends all subscriptions and the connection. A later `subscribe` connects again. */
export function close(): void;

/**
 * Not for pages: throws, and says where it belongs.
 *
 * @deprecated Import `publish` from `wix-realtime-backend`, in backend code.
 */
export function publish(...args: unknown[]): never;

declare const wixRealtimeFrontend: {
  subscribe: typeof subscribe;
  unsubscribe: typeof unsubscribe;
  onConnected: typeof onConnected;
  onDisconnected: typeof onDisconnected;
  onError: typeof onError;
  configure: typeof configure;
  close: typeof close;
  publish: typeof publish;
  subscriber: typeof subscriber;
  RealtimeError: typeof SubscriberError;
};
export default wixRealtimeFrontend;
