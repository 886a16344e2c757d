import type { Failure } from './registry.js';

/** What the client asks and tells the page. */
export interface Shell {
  /** Opens a socket for a connection; where it cannot, {@link Client.lost} is called. */
  open(connection: number): WebSocket | undefined;
  /** Has {@link Client.timer} called once so many milliseconds from now, and not when it was told before. */
  arm(delayMs: number): void;
  /**
   * Is to call {@link Client.identified} or {@link Client.unidentified} with the same number. The token that was given last may be given
   * again, unless it is to be renewed.
   */
  identify(connection: number, renew: boolean): void;
  /** Keeps a visitor's token. */
  keep(visitorToken: string): void;
  connected(): void;
  live(subscription: number, isSynced: boolean): void;
  /** Makes what the next three are given. */
  failure(code: number, message: string, status: number | undefined, recoverable: boolean): Failure;
  disconnected(failure: Failure): void;
  /** There is no connection, and it is worth telling. */
  failed(failure: Failure): void;
  /** Subscriptions of one channel do not deliver; they are gone, or come back by themselves. */
  stopped(subscriptions: Uint32Array, failure: Failure, areGone: boolean): void;
}

/** What the wasm is to be instantiated with. */
export function imports(): WebAssembly.Imports;

/** Takes the instance; to be called before anything below. */
export function begin(instance: WebAssembly.Instance): void;

/** What the page and the browser tell the client; `page.rs` says of each function what it does. */
export interface Client {
  /** Makes the page's client. */
  start(shell: Shell): void;
  /** Subscribes under a number that is higher than all before; the shell hears of it by that. */
  subscribe(subscription: number, name: string, resourceId: string | undefined, isLasting: boolean): void;
  /** Ends a subscription; the shell hears no more of it. */
  unsubscribe(subscription: number): void;
  /** `isRenewable`: asking again may give another token. */
  identified(
    connection: number,
    token: string | undefined,
    visitorToken: string | undefined,
    isRenewable: boolean,
  ): void;
  unidentified(connection: number, reason: string): void;
  /** The socket of a connection can send. */
  opened(connection: number): void;
  /** A connection has ended, or could not be opened: with the WebSocket's close code, and why. */
  lost(connection: number, code: number, reason: string): void;
  /** A frame that is no array, parsed. */
  notice(connection: number, frame: unknown): void;
  /** There is a frame of messages; false when it counts for nothing. */
  heard(connection: number): boolean;
  /** The first subscription that a message goes to; 0 when there is none. */
  accept(number: number, offset: number): number;
  /** The one behind another. */
  following(subscription: number): number;
  timer(): void;
  wake(): void;
  suspend(): void;
  reconnect(): void;
  close(): void;
}

export const client: Client;
