/**
 * What the relay asks, in the format of Wix's service plugin "Realtime Permissions Provider".
 *
 * @module
 */

import { parseChannel } from '../channel.js';
import { parseIdentity } from '../identity.js';
import { Problem } from '../replies.js';

/** @typedef {import('../channel.js').Channel} Channel */
/** @typedef {import('../identity.js').Identity} Subscriber */

/**
 * @typedef {object} Question
 * @property {Channel} channel
 * @property {Subscriber} subscriber in the words of permissions handlers: the type is Admin, Member or Visitor
 * @property {any} envelope what was sent, for a handler of the service plugin
 */

/**
 * Reads a question. Throws a problem (400) or a bad-input error that names what is wrong.
 *
 * @param {string} text JSON
 * @returns {Question}
 */
export function parseQuestion(text) {
  const envelope = parseJson(text);
  const { channel, subscriber } = envelope?.request ?? {};
  if (typeof subscriber?.type !== 'string') {
    throw new Problem('bad_input', 'request.subscriber has a type: ADMIN, MEMBER or VISITOR');
  }
  return { channel: withoutAbsent(parseChannel(channel)), subscriber: parseIdentity(subscriber), envelope };
}

/**
 * A channel itself has no resourceId at all, as inside the relay.
 *
 * @param {Channel} channel
 * @returns {Channel}
 */
function withoutAbsent({ name, resourceId }) {
  return resourceId === undefined ? { name } : { name, resourceId };
}

/** @param {string} text */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('bad_input', 'the body is not JSON');
  }
}
