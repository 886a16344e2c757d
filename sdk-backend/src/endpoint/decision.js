/**
 * What a permissions handler's answer means, by the rules that hold inside the relay too.
 *
 * @module
 */

import { types } from 'node:util';
import { kindOf } from '../channel.js';
import { withNote } from '../router.js';

/** @typedef {import('./question.js').Question} Question */

/**
 * `cause` and `decidedBy` are ours: the relay takes them for its log, and whoever else reads the answer ignores them.
 *
 * @typedef {object} Decision
 * @property {boolean} read
 * @property {'threw' | 'bad_answer'} [cause] why it is no, when no handler said so
 * @property {import('../router.js').DecidedBy} [decidedBy] which handler of the router decided
 */

/**
 * Asks a hook such as `realtime_check_permission`. It never rejects: what the hook throws, and what is neither yes nor
 * no, is no.
 *
 * @param {(channel: any, subscriber: any) => unknown} hook
 * @param {Question} question
 * @param {(fault: unknown) => void} onFault is told what was thrown, or what was wrong with the answer
 * @returns {Promise<Decision>}
 */
export async function askHook(hook, { channel, subscriber }, onFault) {
  const { result, whoDecided } = withNote(() => answerOf(() => hook(channel, subscriber)));
  const answer = await result;
  const decidedBy = whoDecided();
  if ('fault' in answer) onFault(answer.fault);
  const decision = 'fault' in answer ? { read: false, cause: answer.cause } : { read: answer.read };
  return decidedBy === undefined ? decision : { ...decision, decidedBy };
}

/**
 * Asks a handler of the service plugin. Rejects with what it throws, and with a TypeError when its answer is neither
 * yes nor no: by the plugin's rules that is no decision.
 *
 * @param {import('../service-plugins.js').CheckSubscriberPermissions} handler
 * @param {Question} question
 * @returns {Promise<Decision>}
 */
export async function askPlugin(handler, { envelope: { request, metadata } }) {
  const { subscriber } = request;
  // Code written for the plugin's SDK finds the id as `_id`; the format itself has it as `id`.
  const own = { ...request, subscriber: { ...subscriber, _id: subscriber.id } };
  const answer = /** @type {any} */ (await handler({ request: own, metadata: metadata ?? {} }));
  if (typeof answer?.read !== 'boolean') {
    throw new TypeError(`checkSubscriberPermissions must answer { read: true } or { read: false }`);
  }
  return { read: answer.read };
}

/**
 * @param {() => unknown} ask
 * @returns {Promise<{ read: boolean } | { cause: 'threw' | 'bad_answer', fault: unknown }>}
 */
async function answerOf(ask) {
  try {
    return readAnswer(await ask());
  } catch (fault) {
    return { cause: 'threw', fault };
  }
}

/** @param {unknown} answer */
function readAnswer(answer) {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer) || isError(answer)) {
    return bad(`the permissions hook must answer an object such as { read: true }, not ${nameOf(answer)}`);
  }
  const { read } = /** @type {{ read?: unknown }} */ (answer);
  if (read === undefined || typeof read === 'boolean') return { read: read ?? true };
  return bad(`"read" must be true, false or absent, not ${nameOf(read)}`);
}

/** @param {string} what */
function bad(what) {
  return { cause: /** @type {const} */ ('bad_answer'), fault: what };
}

/** @param {unknown} value */
function isError(value) {
  return value instanceof Error || types.isNativeError(value);
}

/** @param {unknown} value */
function nameOf(value) {
  if (isError(value)) return 'an Error';
  return types.isPromise(value) ? 'a promise' : kindOf(value);
}
