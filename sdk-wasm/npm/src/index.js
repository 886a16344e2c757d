/**
 * Receives messages from a Realtime Relay.
 *
 * Importing does nothing. The first `subscribe` starts the client (WebAssembly) and connects. On a server, where there is no page, everything may be called and does nothing.
 *
 * @module
 */
import { badInput, parseChannel, parseTarget, requireFunction } from './arguments.js';
import { addHandler } from './events.js';
import { isBrowser, loadedClient } from './loader.js';
import { change, forgetToken, relayAddress } from './settings.js';
import { toError } from './shell.js';
import { RealtimeError, subscriber } from './subscriber.js';
import * as subscriptions from './subscriptions.js';

export { RealtimeError, subscriber };

/**
 * @typedef {import('../index.d.ts').Channel} Channel
 * @typedef {import('../index.d.ts').Message} Message
 */

/**
 * Calls `handler` for every message of a channel from now on. Resolves to the subscription's id as soon as every later
 * message is sure to come.
 *
 * @param {Channel} channel
 * @param {(message: Message, channel: Channel) => void} handler
 * @returns {Promise<string>}
 */
export async function subscribe(channel, handler) {
  if (!isBrowser) return '';
  const parsed = parseChannel(channel);
  requireFunction('handler', handler, 'subscribe(channel, (message) => { … })', parsed.written);
  relayAddress();
  return new Promise((resolve, reject) => {
    subscriptions.subscribe({
      channel: parsed,
      handler,
      isLasting: false,
      // Both are called again and mean nothing then: a promise has one answer.
      onLive: resolve,
      onFailure: (failure) => reject(toError(failure, parsed.written)),
    });
  });
}

/**
 * Ends one subscription, or all of exactly one channel that were made by `subscribe`. Ids and channels that are unknown
 * are ignored.
 *
 * @param {{ channel?: Channel | undefined, subscriptionId?: string | undefined }} options
 * @returns {Promise<void>}
 */
export async function unsubscribe(options) {
  subscriptions.unsubscribe(false, parseTarget(options));
}

/**
 * Calls `handler` when the connection is there: the first time, and each time that it is there again.
 *
 * @param {() => void} handler
 */
export function onConnected(handler) {
  requireFunction('handler', handler, 'onConnected(() => { … })');
  addHandler('connected', handler);
}

/**
 * Calls `handler` each time that the connection is gone.
 *
 * @param {() => void} handler
 */
export function onDisconnected(handler) {
  requireFunction('handler', handler, 'onDisconnected(() => { … })');
  addHandler('disconnected', handler);
}

/**
 * Calls `handler` for what fails without a caller that waits for it: the connection, or a subscription that was live.
 *
 * @param {(error: import('../index.d.ts').RealtimeError) => void} handler
 */
export function onError(handler) {
  requireFunction('handler', handler, 'onError((error) => { … })');
  addHandler('failed', handler);
}

/**
 * Sets where the relay is and who the page's user is. A setting that is not given stays as it was. A page that is
 * connected connects anew.
 *
 * @param {import('../index.d.ts').Settings} settings
 */
export function configure(settings) {
  change(settings);
  loadedClient()?.reconnect();
}

/** Ends all subscriptions and the connection. A later `subscribe` connects again. */
export function close() {
  subscriptions.close();
  forgetToken();
}

/**
 * Not for pages: says where it belongs.
 *
 * @returns {never}
 */
export function publish() {
  throw badInput(
    "publish belongs to backend code: import it from 'wix-realtime-backend', and let pages call your backend",
  );
}

export default {
  subscribe,
  unsubscribe,
  onConnected,
  onDisconnected,
  onError,
  configure,
  close,
  publish,
  subscriber,
  RealtimeError,
};
