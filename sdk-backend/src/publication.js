/**
 * One call of `publish`, checked and turned into the JSON text that goes to the relay.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { channelKey, kindOf, parseChannel } from './channel.js';
import { badInput, reasonOf } from './errors.js';
import { currentIdentity } from './identity.js';

/**
 * @typedef {object} Publication
 * @property {unknown} channel as the caller wrote it, for errors
 * @property {string} key equal for publications to the same channel or resource
 * @property {string} text the message as JSON
 * @property {number} bytes the length of `text` in UTF-8
 */

/** The most user ids that one message may be addressed to: the API's limit. */
const MAX_USERS = 1000;

/** Ids must differ between all processes that publish, so each has a random part of its own. */
const idPrefix = randomUUID();
let publications = 0;

/**
 * Serialises the payload now, so that the caller may change it afterwards, and gives the message the id that makes
 * its retries harmless. Throws a bad-input error.
 *
 * @param {unknown} channel
 * @param {unknown} payload
 * @param {unknown} options
 * @returns {Publication}
 */
export function createPublication(channel, payload, options) {
  const parsed = parseChannel(channel);
  try {
    const text = messageText(parsed, serialisePayload(payload), readOptions(options));
    return { channel, key: channelKey(parsed), text, bytes: Buffer.byteLength(text) };
  } catch (error) {
    throw badInput(reasonOf(error), { channel });
  }
}

/**
 * @param {import('./channel.js').Channel} channel
 * @param {string} payload JSON text, sent as it is
 * @param {{ users: string[] | undefined, includePublisher: boolean }} options
 */
function messageText(channel, payload, { users, includePublisher }) {
  publications += 1;
  const publisher = includePublisher ? currentIdentity() : undefined;
  const id = `${idPrefix}-${publications}`;
  /** @type {Record<string, unknown>} */
  const rest = { id };
  if (users || publisher) rest.options = publisher ? { users, includePublisher } : { users };
  if (publisher) rest.publisher = { id: publisher.id };
  return `{"channel":${JSON.stringify(channel)},"payload":${payload},${JSON.stringify(rest).slice(1)}`;
}

/** @param {unknown} payload */
function serialisePayload(payload) {
  const text = stringify(payload);
  if (text !== undefined) return text;
  throw badInput(`the payload must be a JSON value, not ${kindOf(payload)}; to send no value, publish null`);
}

/**
 * @param {unknown} payload
 * @returns {string | undefined}
 */
function stringify(payload) {
  try {
    return JSON.stringify(payload);
  } catch (error) {
    const reason = reasonOf(error);
    if (/circular|cyclic/i.test(reason)) {
      throw badInput(`the payload cannot be sent as JSON, since it contains itself: ${oneLine(reason)}`);
    }
    const hint = /BigInt/.test(reason) ? '; send a BigInt as a string' : '';
    throw badInput(`the payload cannot be sent as JSON: ${oneLine(reason)}${hint}`);
  }
}

/**
 * @param {unknown} options
 * @returns {{ users: string[] | undefined, includePublisher: boolean }}
 */
function readOptions(options) {
  if (options === undefined || options === null) return { users: undefined, includePublisher: false };
  if (typeof options !== 'object' || Array.isArray(options)) {
    throw badInput(`options must be an object such as { includePublisher: true }, not ${kindOf(options)}`);
  }
  const { users, includePublisher } = /** @type {Record<string, unknown>} */ (options);
  if (![undefined, null, true, false].includes(/** @type {any} */ (includePublisher))) {
    throw badInput(`options.includePublisher must be true or false, not ${kindOf(includePublisher)}`);
  }
  return { users: readUsers(users), includePublisher: includePublisher === true };
}

/**
 * @param {unknown} users
 * @returns {string[] | undefined} undefined for everyone
 */
function readUsers(users) {
  if (users === undefined || users === null) return undefined;
  if (!Array.isArray(users))
    throw badInput(`options.users must be an array of user ids, not ${kindOf(users)}`);
  if (users.length > MAX_USERS) {
    throw badInput(`options.users has ${users.length} ids: at most ${MAX_USERS} are allowed`);
  }
  const wrong = users.findIndex((id) => typeof id !== 'string' || id === '');
  if (wrong === -1) return users;
  const found = users[wrong] === '' ? 'empty' : kindOf(users[wrong]);
  throw badInput(`options.users[${wrong}] must be a user id, a string, but is ${found}`);
}

/** @param {string} text */
function oneLine(text) {
  return text.replace(/\s*\n\s*/g, ' ');
}
