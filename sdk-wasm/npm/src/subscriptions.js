/**
 * Subscribing and unsubscribing, for both of the page's ways to do so: they share the one client and its connection.
 *
 * @module
 */
import { badInput, isSameChannel } from './arguments.js';
import { closeEarly } from './browser.js';
import { reasonOf } from './errors.js';
import { loadClient, loadedClient } from './loader.js';
import { add, isWanted, number, remove, subscriptionOf, subscriptions } from './registry.js';
import { newSubscriptionId } from './subscription-id.js';

/**
 * @typedef {import('./arguments.js').ParsedChannel} ParsedChannel
 * @typedef {import('./registry.js').Failure} Failure
 * @typedef {import('./registry.js').Subscription} Subscription
 */

/**
 * Subscribes. Nothing of it is told before the caller has the id.
 *
 * @param {Pick<Subscription, 'channel' | 'handler' | 'isLasting' | 'onLive' | 'onFailure'>} wanted
 * @returns {string} the subscription's id
 */
export function subscribe(wanted) {
  const subscription = { ...wanted, id: newSubscriptionId(), isLive: false, wasLive: false };
  add(subscription);
  void hand(subscription);
  return subscription.id;
}

/**
 * Hands a subscription to the client once that is loaded. Where it cannot be, the subscription has failed: the same call
 * may succeed later, but nothing goes on by itself.
 *
 * @param {Subscription} subscription
 */
async function hand(subscription) {
  const { channel, isLasting } = subscription;
  try {
    const client = await loadClient();
    if (isWanted(subscription)) {
      client.subscribe(number(subscription), channel.name, channel.resourceId, isLasting);
    }
  } catch (cause) {
    if (!isWanted(subscription)) return;
    remove(subscription);
    subscription.onFailure({ code: 1, message: reasonOf(cause), recoverable: !isLasting, cause }, false);
  } finally {
    closeEarly();
  }
}

/**
 * Ends one subscription, or all of exactly one channel that were made in the same way, lasting or not. What is unknown
 * is ignored.
 *
 * @param {boolean} isLasting
 * @param {{ subscriptionId: string | undefined, channel: ParsedChannel | undefined }} target
 */
export function unsubscribe(isLasting, { subscriptionId, channel }) {
  if (subscriptionId === undefined) {
    const isMeant = (/** @type {Subscription} */ subscription) =>
      subscription.isLasting === isLasting && isSameChannel(subscription.channel, channel);
    subscriptions().filter(isMeant).forEach(end);
    return;
  }
  const subscription = subscriptionOf(subscriptionId);
  if (!subscription) return;
  if (channel && !isSameChannel(subscription.channel, channel)) {
    throw badInput('channel and subscriptionId do not belong together: give one of them', channel.written);
  }
  end(subscription);
}

/** Ends all subscriptions and the connection. */
export function close() {
  const ended = subscriptions();
  ended.forEach(remove);
  loadedClient()?.close();
  for (const subscription of ended) answer(subscription, 1, 'closed by close()');
}

/** @param {Subscription} subscription */
function end(subscription) {
  remove(subscription);
  if (subscription.number !== undefined) loadedClient()?.unsubscribe(subscription.number);
  answer(subscription, 2, 'unsubscribed before the relay had answered');
}

/**
 * Answers whoever still waits for a subscription that the page itself has ended. The others need not be told.
 *
 * @param {Subscription} subscription
 * @param {number} code
 * @param {string} message
 */
function answer({ isLasting, wasLive, onFailure }, code, message) {
  if (!isLasting && !wasLive) onFailure({ code, message, recoverable: false }, false);
}
