/**
 * What a backend tells the relay besides messages: that permissions have changed, and whom to send away.
 *
 * @module
 */

import { pauseBefore } from './backoff.js';
import { kindOf, parseChannel } from './channel.js';
import { badInput } from './errors.js';
import { failureOf, postToRelay, tellingError, unreachable } from './relay-request.js';
import { currentSettings } from './settings.js';

/** @typedef {import('../index.d.ts').RecheckOptions} RecheckOptions */
/** @typedef {import('../index.d.ts').DisconnectOptions} DisconnectOptions */
/** @typedef {import('./relay-request.js').Failure} Failure */
/** @typedef {import('./settings.js').Settings} Settings */

/** The relay takes no longer reason: a close frame has no more room. */
const MAX_REASON_CHARS = 100;

/**
 * Has the relay ask again about running subscriptions, and end those that are no longer allowed: those of a channel
 * (and of its resources, unless it is a resource itself), those of a user, those of a user on a channel, or all.
 *
 * Resolves once the relay has taken it on, to how many it will ask about.
 *
 * @param {RecheckOptions | null} [options]
 * @returns {Promise<{ subscriptions: number }>}
 */
export async function recheckPermissions(options = {}) {
  const { channel, user } = readObject(options, 'recheckPermissions', '{ channel, user }');
  const body = {
    ...(isAbsent(channel) ? {} : { channel: parseChannel(channel) }),
    ...(isAbsent(user) ? {} : { user: readUser(user, 'recheckPermissions({ user })') }),
  };
  return ask('/v1/permissions/recheck', 202, body, channel ?? undefined);
}

/**
 * Ends a user's connections, on all tabs and devices. They stay away, or come back at once with `comeBack`, which has
 * them say anew who they are.
 *
 * Resolves to how many there were.
 *
 * @param {string} userId
 * @param {DisconnectOptions | null} [options]
 * @returns {Promise<{ sessions: number }>}
 */
export async function disconnect(userId, options = {}) {
  const user = readUser(userId, 'disconnect(userId)');
  const { comeBack, reason } = readObject(options, 'disconnect', '{ comeBack, reason }');
  if (!isAbsent(comeBack) && typeof comeBack !== 'boolean') {
    throw badInput(`disconnect(userId, { comeBack }): comeBack is true or false, not ${kindOf(comeBack)}`);
  }
  if (!isAbsent(reason) && (typeof reason !== 'string' || [...reason].length > MAX_REASON_CHARS)) {
    throw badInput(`disconnect(userId, { reason }): a string of at most ${MAX_REASON_CHARS} characters`);
  }
  return ask('/v1/disconnect', 200, {
    user,
    ...(isAbsent(comeBack) ? {} : { comeBack }),
    ...(isAbsent(reason) ? {} : { reason }),
  });
}

/**
 * Asks until the relay has answered or the deadline has come, which is that of a publish: asking twice does no harm.
 *
 * @param {string} path
 * @param {number} success the status that means it
 * @param {object} body
 * @param {unknown} [channel] for errors
 * @returns {Promise<any>}
 */
async function ask(path, success, body, channel) {
  const settings = currentSettings();
  const deadline = performance.now() + settings.retry.deadlineMs;
  /** @type {Error | undefined} */
  let lastFailure;
  for (let failures = 0; ; failures += 1) {
    const outcome = await askOnce(settings, path, success, JSON.stringify(body), deadline, channel);
    if ('json' in outcome) return outcome.json;
    if (outcome.kind === 'refused') throw outcome.error;
    lastFailure = tellingError(lastFailure, outcome);
    const pauseMs = pauseBefore(failures, outcome.retryAfterMs, settings.retry);
    if (performance.now() + pauseMs >= deadline) throw lastFailure;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/**
 * @param {Settings} settings
 * @param {string} path
 * @param {number} success
 * @param {string} body
 * @param {number} deadline
 * @param {unknown} channel
 * @returns {Promise<{ json: any } | Failure>}
 */
async function askOnce(settings, path, success, body, deadline, channel) {
  const answer = await postToRelay(settings, path, body, deadline);
  if ('error' in answer) return unreachable(answer, channel, settings);
  const { status, json, retryAfterMs } = answer;
  return status === success ? { json } : failureOf(status, json ?? {}, retryAfterMs, channel, settings);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {string} example
 * @returns {Record<string, unknown>}
 */
function readObject(value, name, example) {
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return /** @type {any} */ (value);
  throw badInput(`${name} takes an object such as ${example}, not ${kindOf(value)}`);
}

/**
 * @param {unknown} user
 * @param {string} where
 */
function readUser(user, where) {
  if (typeof user === 'string' && user !== '') return user;
  throw badInput(
    `${where}: a user id is a string that is not empty, not ${user === '' ? 'empty' : kindOf(user)}`,
  );
}

/** @param {unknown} value */
function isAbsent(value) {
  return value === undefined || value === null;
}
