/**
 * One HTTP request to the relay with one or more messages, and what became of each of them. It never throws and
 * never retries.
 *
 * @module
 */

import { badInput, connectionError, reasonOf } from './errors.js';

/** @typedef {import('./publication.js').Publication} Publication */
/** @typedef {import('./settings.js').Settings} Settings */
/** @typedef {import('./errors.js').RealtimeError} RealtimeError */
/** @typedef {{ status?: number, code?: string, title?: string, detail?: string, field?: string }} Problem */

/**
 * `accepted`: the relay has the message. `refused`: it will never take it. `failed`: it may take it later; whether
 * it already has it is not known.
 *
 * @typedef {{ kind: 'accepted' }
 *   | { kind: 'refused', error: RealtimeError }
 *   | { kind: 'failed', error: RealtimeError, retryAfterMs: number }} Outcome
 */

/** Statuses that say "later": the relay's own, and those of a proxy in front of a relay that is away. */
const RETRYABLE = new Set([408, 429, 502, 503, 504]);

/** The relay's codes for what the caller of `publish` did wrong; all others are about the connection. */
const BAD_INPUT_CODES = new Set(['bad_input', 'bad_channel', 'payload_too_large']);

/**
 * Posts the publications, in order, and returns an outcome for each of them. Gives up after `timeoutMs`.
 *
 * @param {Settings} settings
 * @param {readonly Publication[]} publications at least one
 * @param {number} timeoutMs
 * @returns {Promise<Outcome[]>}
 */
export async function sendToRelay(settings, publications, timeoutMs) {
  const isBatch = publications.length > 1;
  const path = isBatch ? '/v1/publish/batch' : '/v1/publish';
  const body = isBatch ? batchText(publications) : publications[0]?.text;
  const answer = await post(settings, path, body ?? '', timeoutMs);
  if ('error' in answer) {
    return publications.map(({ channel }) => failed(answer.error, channel, settings));
  }
  const { status, json, retryAfterMs } = answer;
  if (status !== 200) {
    return publications.map(({ channel }) => outcomeOf(status, json ?? {}, retryAfterMs, channel, settings));
  }
  if (!isBatch) return [{ kind: 'accepted' }];
  return batchOutcomes(json?.results, publications, retryAfterMs, settings);
}

/** @param {readonly Publication[]} publications */
function batchText(publications) {
  return `{"messages":[${publications.map(({ text }) => text).join(',')}]}`;
}

/**
 * @param {Settings} settings
 * @param {string} path
 * @param {string} body
 * @param {number} timeoutMs
 * @returns {Promise<{ error: unknown } | { status: number, json: any, retryAfterMs: number }>}
 */
async function post({ url, apiKey, fetch }, path, body, timeoutMs) {
  const abort = new AbortController();
  const timer = setTimeout(
    () => abort.abort(new Error(`no answer in ${Math.ceil(timeoutMs)} ms`)),
    timeoutMs,
  );
  try {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body,
      redirect: 'manual', // a key goes to the configured address only
      signal: abort.signal,
    });
    const text = await response.text();
    return {
      status: response.status,
      json: parseJson(text),
      retryAfterMs: parseRetryAfter(response.headers.get('retry-after')),
    };
  } catch (error) {
    return { error };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {unknown} results
 * @param {readonly Publication[]} publications
 * @param {number} retryAfterMs
 * @param {Settings} settings
 * @returns {Outcome[]}
 */
function batchOutcomes(results, publications, retryAfterMs, settings) {
  if (!Array.isArray(results) || results.length !== publications.length) {
    const reason = new Error('the answer does not have one result for each message');
    return publications.map(({ channel }) => failed(reason, channel, settings));
  }
  return publications.map(({ channel }, index) => {
    const problem = results[index]?.error;
    if (!problem) return { kind: 'accepted' };
    return outcomeOf(Number(problem.status), problem, retryAfterMs, channel, settings);
  });
}

/**
 * @param {number} status
 * @param {Problem} problem
 * @param {number} retryAfterMs
 * @param {unknown} channel
 * @param {Settings} settings
 * @returns {Outcome}
 */
function outcomeOf(status, problem, retryAfterMs, channel, { url }) {
  const said = problem.detail ?? problem.title ?? 'no reason given';
  if (RETRYABLE.has(status)) {
    const error = connectionError(`the relay at ${url} answered ${status}: ${said}`, { channel });
    return { kind: 'failed', error, retryAfterMs };
  }
  if (BAD_INPUT_CODES.has(problem.code ?? '')) return { kind: 'refused', error: badInput(said, { channel }) };
  const hint = status === 401 ? ' (is RELAY_API_KEY the key of this relay?)' : '';
  return {
    kind: 'refused',
    error: connectionError(`the relay at ${url} answered ${status}: ${said}${hint}`, { channel }),
  };
}

/**
 * @param {unknown} reason
 * @param {unknown} channel
 * @param {Settings} settings
 * @returns {Outcome}
 */
function failed(reason, channel, { url }) {
  const message = `cannot reach the relay at ${url}: ${reasonOf(reason)}`;
  return { kind: 'failed', error: connectionError(message, { channel, cause: reason }), retryAfterMs: 0 };
}

/** @param {string} text */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * A Retry-After header in milliseconds from now: RFC 9110 allows seconds or a date. 0 when there is none.
 *
 * @param {string | null} header
 */
function parseRetryAfter(header) {
  if (header === null) return 0;
  const seconds = Number(header);
  const wait = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1000;
  return wait > 0 ? wait : 0;
}
