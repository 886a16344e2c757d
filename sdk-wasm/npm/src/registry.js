/**
 * The page's subscriptions: who is to be called, and by which number the client knows them.
 *
 * @module
 */

/**
 * @typedef {object} Subscription
 * @property {string} id what the page knows it by
 * @property {number} [number] what the client knows it by, once it does
 * @property {import('./arguments.js').ParsedChannel} channel
 * @property {(message: any, channel: any) => unknown} handler
 * @property {boolean} isLasting it goes on over failures that may pass: one of `subscriber`
 * @property {boolean} isLive every later message of its channel is delivered
 * @property {boolean} wasLive it has been live, now or before
 * @property {(id: string, isSynced: boolean) => void} onLive
 * @property {(failure: Failure, wasLive: boolean) => void} onFailure
 */

/**
 * What has failed, in the API's terms.
 *
 * @typedef {object} Failure
 * @property {number} code
 * @property {string} message
 * @property {number | undefined} [status]
 * @property {boolean} recoverable
 * @property {false} [isSynced] messages may be lost
 * @property {unknown} [cause]
 */

/** @type {Map<string, Subscription>} */
const byId = new Map();

/** @type {Map<number, Subscription>} */
const byNumber = new Map();

let lastNumber = 0;

/** @param {Subscription} subscription */
export function add(subscription) {
  byId.set(subscription.id, subscription);
}

/**
 * The subscription of an id that the page gives.
 *
 * @param {string} id
 */
export const subscriptionOf = (id) => byId.get(id);

/** @param {Subscription} subscription */
export const isWanted = (subscription) => byId.get(subscription.id) === subscription;

/** All of them, those included that the client does not know yet. */
export const subscriptions = () => [...byId.values()];

/**
 * Gives a subscription its number, which is higher than all before.
 *
 * @param {Subscription} subscription
 * @returns {number}
 */
export function number(subscription) {
  lastNumber += 1;
  subscription.number = lastNumber;
  byNumber.set(lastNumber, subscription);
  return lastNumber;
}

/**
 * The subscription that the client speaks of; none when the page has ended it meanwhile.
 *
 * @param {number} number
 */
export const numbered = (number) => byNumber.get(number);

/** @param {Subscription} subscription */
export function remove({ id, number }) {
  byId.delete(id);
  if (number !== undefined) byNumber.delete(number);
}
