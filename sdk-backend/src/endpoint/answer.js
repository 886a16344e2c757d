/**
 * From a request to its answer, whatever carries the two.
 *
 * @module
 */

import { RealtimeError, reasonOf } from '../errors.js';
import { jsonReply, methodNotAllowed, Problem } from '../replies.js';
import { providedHandler } from '../service-plugins.js';
import { askHook, askPlugin } from './decision.js';
import { parseQuestion } from './question.js';
import { problemOfSignature, SIGNATURE_HEADER } from './signature.js';

/** @typedef {import('../replies.js').Reply} Reply */
/** @typedef {import('./question.js').Question} Question */

/**
 * A request, as each kind of server has it.
 *
 * @typedef {object} PermissionsRequest
 * @property {string | undefined} method
 * @property {(name: string) => string | null | undefined} header
 * @property {(maxBytes: number) => Promise<Uint8Array>} body rejects with a problem (413) when there is more
 */

/**
 * @typedef {object} Rules
 * @property {((channel: any, subscriber: any) => unknown) | undefined} check the hook; without one the service plugin's
 *   handler that was provided, else the router
 * @property {(channel: any, subscriber: any) => unknown} router
 * @property {readonly string[] | undefined} secrets undefined: anybody may ask
 * @property {number} timeoutMs
 * @property {import('./fault-log.js').FaultLog} faults
 */

/** Where the relay posts its questions, below whatever address it was given. */
export const PATH = '/v1/check-subscriber-permissions';

/** Fifty times what a question needs. */
const MAX_BODY_BYTES = 64 * 1024;

/**
 * Answers a question, or says in a problem why not. Rejects only when the request breaks off.
 *
 * @param {PermissionsRequest} request
 * @param {Rules} rules
 * @returns {Promise<Reply>}
 */
export async function answer(request, rules) {
  try {
    const question = await readQuestion(request, rules);
    return jsonReply(await inTime(decide(question, rules), question, rules));
  } catch (error) {
    if (error instanceof Problem) return error.toReply();
    // A channel or a subscriber that breaks the rules; what handlers throw does not come this far.
    if (error instanceof RealtimeError) return new Problem('bad_input', error.message).toReply();
    throw error;
  }
}

/**
 * @param {PermissionsRequest} request
 * @param {Rules} rules
 */
async function readQuestion(request, { secrets }) {
  if (request.method !== 'POST') throw methodNotAllowed('POST');
  const [mediaType = ''] = (request.header('content-type') ?? '').split(';');
  if (mediaType.trim().toLowerCase() !== 'application/json') {
    throw new Problem('unsupported_media_type', 'the body must be application/json');
  }
  const body = await request.body(MAX_BODY_BYTES);
  const problem = secrets && problemOfSignature(request.header(SIGNATURE_HEADER), body, secrets);
  if (problem) throw new Problem('unauthorized', problem);
  return parseQuestion(new TextDecoder().decode(body));
}

/**
 * @param {Question} question
 * @param {Rules} rules
 */
async function decide(question, { check, router, faults }) {
  const plugin = check ? undefined : providedHandler();
  if (!plugin) return askHook(check ?? router, question, (fault) => faults.note(question, fault));
  const decision = await askPlugin(plugin, question).catch((error) => faults.note(question, error));
  if (decision) return decision;
  throw new Problem('internal', 'checkSubscriberPermissions failed; the log of this backend says why');
}

/**
 * A handler that takes too long is no decision. It cannot be stopped, but nobody waits for it any longer.
 *
 * @template T
 * @param {Promise<T>} deciding
 * @param {Question} question
 * @param {Rules} rules
 * @returns {Promise<T>}
 */
async function inTime(deciding, question, { timeoutMs, faults }) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      faults.note(question, `no answer in ${timeoutMs} ms`);
      reject(new Problem('unavailable', `the permissions handler has not answered in ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await /** @type {Promise<T>} */ (Promise.race([deciding, late]));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What to answer when something went wrong that nobody foresaw.
 *
 * @param {unknown} error
 * @param {(line: string) => void} log
 */
export function unforeseen(error, log) {
  log(`a question about permissions could not be answered: ${reasonOf(error)}`);
  return new Problem('internal', 'the backend failed; its log says why').toReply();
}

/** The answer to what is not ours. */
export function notOurs() {
  return new Problem('not_found', `questions about permissions are posted to …${PATH}`).toReply();
}

/** @param {string} path */
export function isOurs(path) {
  return path.endsWith(PATH);
}
