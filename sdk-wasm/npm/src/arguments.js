/**
 * What callers pass, checked before anything is done with it.
 *
 * @module
 */
// One file for both packages: the bundle takes it in.
import { checkChannel, kindOf } from '../../../sdk-backend/src/channel-rules.js';
import { RealtimeError } from './errors.js';

export { kindOf };

/**
 * @typedef {object} ParsedChannel
 * @property {string} name
 * @property {string | undefined} resourceId `undefined` for the channel itself
 * @property {object} written the channel as the caller wrote it: a copy, so that what the caller does to it later
 *   changes nothing
 */

/**
 * @param {unknown} value
 * @returns {ParsedChannel}
 */
export function parseChannel(value) {
  const isObject = typeof value === 'object' && value !== null;
  const written = isObject && !Array.isArray(value) ? { ...value } : value;
  const { channel, problem } = checkChannel(written);
  if (problem !== undefined) throw badInput(problem, isObject ? written : undefined);
  for (const key in /** @type {object} */ (written)) {
    if (/^resourceid$/i.test(key) && key !== 'resourceId') {
      console.warn(`channel: ${key} is not read; did you mean resourceId?`);
    }
  }
  return { ...channel, written: /** @type {object} */ (written) };
}

/**
 * @param {ParsedChannel} one
 * @param {ParsedChannel} [other]
 */
export const isSameChannel = (one, other) => one.name === other?.name && one.resourceId === other.resourceId;

/**
 * What to unsubscribe: an id, a channel, or both.
 *
 * @param {unknown} options
 * @returns {{ subscriptionId: string | undefined, channel: ParsedChannel | undefined }}
 */
export function parseTarget(options) {
  const { subscriptionId, channel } = /** @type {{ subscriptionId?: unknown, channel?: unknown }} */ (
    options ?? {}
  );
  if (subscriptionId === undefined && channel === undefined) {
    throw badInput('say what to unsubscribe: unsubscribe({ subscriptionId }) or unsubscribe({ channel })');
  }
  if (subscriptionId !== undefined && typeof subscriptionId !== 'string') {
    throw badInput(`subscriptionId is the string that subscribe gave, not ${kindOf(subscriptionId)}`);
  }
  return { subscriptionId, channel: channel === undefined ? undefined : parseChannel(channel) };
}

/**
 * @param {string} what
 * @param {unknown} value
 * @param {string} example of a right call
 * @param {unknown} [channel] of that call
 */
export function requireFunction(what, value, example, channel) {
  if (typeof value !== 'function') {
    throw badInput(`${what} is a function, not ${kindOf(value)}: ${example}`, channel);
  }
}

/**
 * @param {string} message
 * @param {unknown} [channel]
 */
export const badInput = (message, channel) => new RealtimeError(3, message, channel);
