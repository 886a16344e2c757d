import type { Channel, MessageHandler } from './index.js';

/** A channel, or one of its resources, as this way to subscribe takes it. */
export interface SubscriberChannel extends Channel {
  /** Taken, and handed to the handler with the rest of the channel; it means nothing to the relay. */
  appId?: string | undefined;
}

/**
 * Why something failed.
 *
 * - `DISCONNECTED`: a live subscription has lost its connection.
 * - `CONNECTION_ERROR`: the relay has not answered in time, does not want this client, or the client could not be
 *   loaded.
 * - `SUBSCRIPTION_FAILED`: the relay has refused or ended the subscription; `status` says why.
 * - `BAD_INPUT`: the call is wrong; `message` says what was meant.
 */
export type ErrorCode = 'DISCONNECTED' | 'CONNECTION_ERROR' | 'SUBSCRIPTION_FAILED' | 'BAD_INPUT';

/** What calls throw and `onSubscriptionError` gets. */
export class RealtimeError extends Error {
  constructor(
    errorCode: ErrorCode,
    message: string,
    channel?: SubscriberChannel,
    details?: { status?: number | undefined; recoverable?: boolean; cause?: unknown },
  );
  errorCode: ErrorCode;
  /** The channel that it is about, as it was given. */
  channel?: SubscriberChannel | undefined;
  /** Whether the subscription goes on and passes over this by itself. */
  recoverable: boolean;
  /** Why the relay refused, in the numbers of HTTP: 400, 403, 429 or 503. */
  status?: number | undefined;
}

export interface SubscribeOptions {
  /**
   * Called when the subscription is live: every later message is sure to come. `isSynced` is `false` the first time; each
   * time after a failure it is `true` when every message that was missed follows, and `false` when some are lost and the
   * page has to load its state anew.
   */
  onSubscribed?: ((subscriptionId: string, isSynced: boolean) => void) | undefined;
  /**
   * Called when the subscription delivers nothing for now (`recoverable`), when nothing will come of it until the page
   * does something about the connection (a `CONNECTION_ERROR` or `DISCONNECTED` that is not recoverable), or when it has
   * ended (a `SUBSCRIPTION_FAILED` that is not recoverable). Without this, what is not recoverable is shown on the
   * console.
   */
  onSubscriptionError?: ((error: RealtimeError, subscriptionId: string) => void) | undefined;
}

/** Subscribes by callbacks; no function of it depends on `this`. */
export declare const subscriber: {
  /**
   * Calls `handler` for every message of a channel once it is live, and returns the subscription's id at once; no callback
   * runs before that. The subscription lasts, over lost connections and relays that cannot be reached, until it is
   * unsubscribed or the relay refuses it for good. Throws a {@link RealtimeError} for bad input. On a server it does
   * nothing and returns `""`.
   */
  subscribe<Payload = any>(
    channel: SubscriberChannel,
    handler: MessageHandler<Payload, SubscriberChannel>,
    options?: SubscribeOptions,
  ): string;

  /**
   * Ends one subscription (`subscriptionId`), or all of exactly one channel or resource that were made here (`channel`);
   * none of their callbacks runs again. What is unknown is ignored. When nothing is subscribed any more, the connection
   * closes within a second or so. Throws `BAD_INPUT` when neither is given, or both and they do not belong together.
   */
  unsubscribe(options: {
    channel?: SubscriberChannel | undefined;
    subscriptionId?: string | undefined;
  }): void;
};
