/**
 * The newer way to subscribe: the id at once, and what becomes of the subscription by callbacks.
 *
 * A subscription lasts until the page ends it or the relay refuses it for good. Whatever else goes wrong is told as
 * `recoverable` and passes by itself.
 *
 * @module
 */
import { parseChannel, parseTarget, requireFunction } from './arguments.js';
import { call, report } from './calls.js';
import { RealtimeError as NumberedError, SubscriberError as RealtimeError } from './errors.js';
import { isBrowser } from './loader.js';
import { relayAddress } from './settings.js';
import * as subscriptions from './subscriptions.js';

export { RealtimeError };

/** The codes of what a call throws, by the numbers that the other functions have for it. */
const THROWN = /** @type {const} */ ({ 1: 'CONNECTION_ERROR', 3: 'BAD_INPUT' });

/**
 * Calls `handler` for every message of a channel from the first `onSubscribed` on.
 *
 * @param {import('../subscriber.d.ts').SubscriberChannel} channel
 * @param {(message: import('../index.d.ts').Message, channel: any) => unknown} handler
 * @param {import('../subscriber.d.ts').SubscribeOptions} [options]
 * @returns {string} the subscription's id
 */
function subscribe(channel, handler, options) {
  if (!isBrowser) return '';
  const example = 'subscriber.subscribe(channel, (message) => { … }, { onSubscribed, onSubscriptionError })';
  return inWords(() => {
    const parsed = parseChannel(channel);
    const onSubscribed = options?.onSubscribed ?? ignore;
    const onSubscriptionError = options?.onSubscriptionError ?? reportFinal;
    for (const [what, value] of Object.entries({ handler, onSubscribed, onSubscriptionError })) {
      requireFunction(what, value, example, parsed.written);
    }
    relayAddress();
    const id = subscriptions.subscribe({
      channel: parsed,
      handler,
      isLasting: true,
      onLive: (...args) => call(onSubscribed, ...args),
      onFailure(failure, wasLive) {
        const code = failure.code > 1 ? 'SUBSCRIPTION_FAILED' : wasLive ? 'DISCONNECTED' : 'CONNECTION_ERROR';
        call(onSubscriptionError, new RealtimeError(code, failure.message, parsed.written, failure), id);
      },
    });
    return id;
  });
}

/**
 * Ends one subscription, or all of exactly one channel that were made here. Ids and channels that are unknown are
 * ignored.
 *
 * @param {{ channel?: import('../subscriber.d.ts').SubscriberChannel | undefined, subscriptionId?: string | undefined }} options
 */
function unsubscribe(options) {
  inWords(() => subscriptions.unsubscribe(true, parseTarget(options)));
}

export const subscriber = { subscribe, unsubscribe };

/**
 * Does something, and throws what it throws with the code's word in place of the number.
 *
 * @template T
 * @param {() => T} action
 * @returns {T}
 */
function inWords(action) {
  try {
    return action();
  } catch (thrown) {
    throw thrown instanceof NumberedError ? reworded(thrown) : thrown;
  }
}

/** @param {NumberedError} error */
function reworded(error) {
  const { errorCode, message, channel } = error;
  const code = THROWN[/** @type {keyof typeof THROWN} */ (errorCode)];
  return new RealtimeError(code, message, channel, { cause: error });
}

function ignore() {}

/** @param {import('../subscriber.d.ts').RealtimeError} error */
function reportFinal(error) {
  if (!error.recoverable) report(error);
}
