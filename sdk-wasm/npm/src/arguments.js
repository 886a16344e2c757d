/**
 * What callers pass, in JavaScript's terms. The rules for names and resource ids are the client's.
 *
 * @module
 */
import { RealtimeError } from './errors.js';

/**
 * @typedef {object} ParsedChannel
 * @property {string} name
 * @property {string | undefined} resourceId
 * @property {object} written the channel as the caller wrote it: a copy, so that what the caller does to it later
 *   changes nothing
 */

/**
 * @param {unknown} channel
 * @returns {ParsedChannel}
 */
export function parseChannel(channel) {
  if (typeof channel === 'string') {
    throw badInput(
      `a channel is an object, not a string: did you mean { name: ${JSON.stringify(channel)} }?`,
    );
  }
  if (typeof channel !== 'object' || channel === null || Array.isArray(channel)) {
    throw badInput(`a channel is an object such as { name: "chat" }, not ${kindOf(channel)}`);
  }
  const written = { ...channel };
  const { name, resourceId } = /** @type {{ name?: unknown, resourceId?: unknown }} */ (written);
  if (typeof name !== 'string') {
    throw badInput(`channel name is a string, not ${kindOf(name)}`, written);
  }
  if (typeof resourceId === 'string') return { name, resourceId, written };
  if (resourceId === undefined || resourceId === null) return { name, resourceId: undefined, written };
  const meant = typeof resourceId === 'number' ? `: did you mean "${resourceId}"?` : '';
  throw badInput(`resourceId is a string, not ${kindOf(resourceId)}${meant}`, written);
}

/**
 * What to unsubscribe.
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
    throw badInput(`subscriptionId is the string that subscribe resolved to, not ${kindOf(subscriptionId)}`);
  }
  return { subscriptionId, channel: channel === undefined ? undefined : parseChannel(channel) };
}

/**
 * @param {string} what
 * @param {unknown} value
 * @param {string} example of a right call
 */
export function requireFunction(what, value, example) {
  if (typeof value !== 'function') {
    throw badInput(`${what} is a function, not ${kindOf(value)}: ${example}`);
  }
}

/**
 * @param {string} message
 * @param {unknown} [channel]
 */
export const badInput = (message, channel) => new RealtimeError(3, message, channel);

/**
 * What a value is, for a sentence such as "a channel is an object, not a number".
 *
 * @param {unknown} value
 */
export function kindOf(value) {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
