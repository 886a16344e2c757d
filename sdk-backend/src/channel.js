/**
 * Channels as callers give them.
 *
 * @module
 */

import { checkChannel } from './channel-rules.js';
import { badInput } from './errors.js';
import { warnOfMisspelling } from './spelling.js';

export { kindOf } from './channel-rules.js';

/** @typedef {{ name: string, resourceId?: string }} Channel */

/**
 * A channel that obeys the rules, without any other keys of the given object. An empty or missing resource id means
 * the channel itself. Throws a bad-input error that says which rule is broken, and warns of what looks misspelt.
 *
 * @param {unknown} value what the caller gave as channel
 * @returns {Channel}
 */
export function parseChannel(value) {
  if (typeof value === 'object' && value !== null) warnOfMisspelling(value);
  const { channel, problem } = checkChannel(value);
  if (problem !== undefined) throw badInput(problem, typeof value === 'object' ? { channel: value } : {});
  const { name, resourceId } = channel;
  return resourceId === undefined ? { name } : { name, resourceId };
}

/**
 * A text that no two channels share; a name cannot contain the separator.
 *
 * @param {Channel} channel
 */
export function channelKey({ name, resourceId }) {
  return resourceId === undefined ? name : `${name}/${resourceId}`;
}
