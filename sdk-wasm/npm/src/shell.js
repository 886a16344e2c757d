/**
 * The client's counterpart in the page: what the client asks for and tells, brought to those whom it concerns.
 *
 * The client calls these functions by their names, and none of them may throw: what the page's own functions throw ends in
 * `call`.
 *
 * @module
 */
import { isSameChannel } from './arguments.js';
import { arm, open } from './browser.js';
import { call } from './calls.js';
import { RealtimeError, reasonOf } from './errors.js';
import { tell } from './events.js';
import { client } from './glue.js';
import { isWanted, numbered, remove, subscriptions } from './registry.js';
import { identity, keepVisitorToken, relayAddress } from './settings.js';

/**
 * @typedef {import('./registry.js').Failure} Failure
 * @typedef {import('./registry.js').Subscription} Subscription
 */

/**
 * What those are told who have no callback for it: the subscription is live again, and may have missed messages.
 *
 * @type {Failure}
 */
const LOST = {
  code: 2,
  message: 'messages of this channel may be lost: more was missed than the relay keeps; load your state anew',
  recoverable: true,
  isSynced: false,
};

/** @type {import('./glue.d.ts').Shell} */
export const shell = {
  open: (connection) => open(client, deliver, relayAddress, connection),
  arm: (delayMs) => arm(client, delayMs),
  keep: keepVisitorToken,

  identify(connection, renew) {
    identity(renew).then(
      ({ token, visitorToken, isRenewable }) =>
        client.identified(connection, token, visitorToken, isRenewable),
      (thrown) => client.unidentified(connection, `getToken has failed: ${reasonOf(thrown)}`),
    );
  },

  connected() {
    tell('connected');
  },

  live(number, isSynced) {
    const subscription = numbered(number);
    if (!subscription) return;
    const { wasLive } = subscription;
    Object.assign(subscription, { isLive: true, wasLive: true });
    subscription.onLive(subscription.id, isSynced);
    if (wasLive && !isSynced && isFirstOfItsChannel(subscription)) {
      tell('failed', toError(LOST, subscription.channel.written));
    }
  },

  failure: (code, message, status, recoverable) => ({ code, message, status, recoverable }),

  disconnected(failure) {
    tell('disconnected');
    if (!failure.recoverable) tell('failed', toError(failure));
    for (const subscription of subscriptions()) {
      const { isLive } = subscription;
      subscription.isLive = false;
      if (isLive || !failure.recoverable) tellLasting(subscription, failure, isLive);
    }
  },

  failed(failure) {
    tell('failed', toError(failure));
    if (failure.recoverable) return;
    for (const subscription of subscriptions()) tellLasting(subscription, failure, false);
  },

  stopped(numbers, failure, areGone) {
    // Copied first: the numbers are a view of the client's memory, which its next call may move.
    const concerned = Array.from(numbers, numbered).filter((subscription) => subscription !== undefined);
    if (areGone) concerned.forEach(remove);
    for (const subscription of concerned) {
      const { isLive } = subscription;
      subscription.isLive = false;
      if (areGone || isWanted(subscription)) subscription.onFailure(failure, isLive);
    }
    // However many handlers a channel has, it is one event.
    const told = concerned.find(({ isLasting, wasLive }) => wasLive && !isLasting);
    if (told) tell('failed', toError(failure, told.channel.written));
  },
};

/**
 * Hands one message to one subscription. Every handler gets an object of its own; the payload in it is shared.
 *
 * @type {import('./browser.js').Deliver}
 */
function deliver(number, entry) {
  const subscription = numbered(number);
  if (!subscription) return;
  const payload = entry[2];
  const message = entry.length > 3 ? { payload, publisher: { id: entry[3] } } : { payload };
  call(subscription.handler, message, subscription.channel.written);
}

/**
 * Tells a subscription of a failure that does not end it, unless a handler of the page has ended it meanwhile.
 *
 * @param {Subscription} subscription
 * @param {Failure} failure
 * @param {boolean} wasLive
 */
function tellLasting(subscription, failure, wasLive) {
  if (subscription.isLasting && isWanted(subscription)) subscription.onFailure(failure, wasLive);
}

/**
 * Whether it is the one that stands for all of its channel that were made by `subscribe`: what becomes of a channel is one
 * event.
 *
 * @param {Subscription} subscription
 */
const isFirstOfItsChannel = (subscription) =>
  subscription ===
  subscriptions().find(
    ({ isLasting, wasLive, channel }) =>
      wasLive && !isLasting && isSameChannel(channel, subscription.channel),
  );

/**
 * @param {Failure} failure
 * @param {unknown} [channel]
 */
export const toError = (failure, channel) =>
  new RealtimeError(failure.code, failure.message, channel, failure);
