/**
 * One HTTP request to the relay, and what its answer means. It never throws and never retries.
 *
 * @module
 */

import { badInput, connectionError, reasonOf } from './errors.js';

/** @typedef {import('./settings.js').Settings} Settings */
/** @typedef {import('./errors.js').RealtimeError} RealtimeError */
/** @typedef {{ status?: number, code?: string, title?: string, detail?: string, field?: string }} Problem */

/**
 * `refused`: the relay will never do it. `failed`: it may do it later; whether it has done it already is not known.
 * `cutShort`: the deadline came before the relay had its time to answer.
 *
 * @typedef {{ kind: 'refused', error: RealtimeError }
 *   | { kind: 'failed', error: RealtimeError, retryAfterMs: number, cutShort: boolean }} Failure
 */

/** @typedef {{ status: number, json: any, retryAfterMs: number }} RelayAnswer */
/** @typedef {{ error: unknown, cutShort: boolean }} NoAnswer */

/** A relay that has not answered by then is taken for lost; asking again does no harm. */
const MAX_ATTEMPT_MS = 10_000;

/** Statuses that say "later": the relay's own, and those of a proxy in front of a relay that is away. */
const RETRYABLE = new Set([408, 429, 502, 503, 504]);

/** The relay's codes for what the caller of `publish` did wrong; all others are about the connection. */
const BAD_INPUT_CODES = new Set(['bad_input', 'bad_channel', 'payload_too_large']);

/**
 * Posts a body, with the key, to a path of the relay. Gives up after 10 s, or at the deadline if that is earlier.
 *
 * @param {Settings} settings
 * @param {string} path
 * @param {string} body
 * @param {number} deadline by `performance.now()`
 * @returns {Promise<NoAnswer | RelayAnswer>}
 */
export async function postToRelay({ url, apiKey, fetch }, path, body, deadline) {
  const leftMs = Math.max(1, deadline - performance.now());
  const timeoutMs = Math.min(MAX_ATTEMPT_MS, leftMs);
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
    return { error, cutShort: abort.signal.aborted && leftMs < MAX_ATTEMPT_MS };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What a status other than success means, with the problem that came along.
 *
 * @param {number} status
 * @param {Problem} problem
 * @param {number} retryAfterMs
 * @param {unknown} channel for the error
 * @param {Settings} settings
 * @returns {Failure}
 */
export function failureOf(status, problem, retryAfterMs, channel, { url }) {
  const said = problem.detail ?? problem.title ?? 'no reason given';
  if (RETRYABLE.has(status)) {
    const error = connectionError(`the relay at ${url} answered ${status}: ${said}`, { channel });
    return { kind: 'failed', error, retryAfterMs, cutShort: false };
  }
  if (BAD_INPUT_CODES.has(problem.code ?? '')) return { kind: 'refused', error: badInput(said, { channel }) };
  const hint = status === 401 ? ' (is RELAY_API_KEY the key of this relay?)' : '';
  return {
    kind: 'refused',
    error: connectionError(`the relay at ${url} answered ${status}: ${said}${hint}`, { channel }),
  };
}

/**
 * What it means that no answer came.
 *
 * @param {NoAnswer} answer
 * @param {unknown} channel for the error
 * @param {Settings} settings
 * @returns {Failure}
 */
export function unreachable({ error, cutShort }, channel, { url }) {
  const message = `cannot reach the relay at ${url}: ${reasonOf(error)}`;
  return {
    kind: 'failed',
    error: connectionError(message, { channel, cause: error }),
    retryAfterMs: 0,
    cutShort,
  };
}

/**
 * The error to report when the deadline has come: that of the last failure, unless it says less than the one before.
 *
 * @param {Error | undefined} before
 * @param {Failure & { kind: 'failed' }} last
 */
export function tellingError(before, { error, cutShort }) {
  return before !== undefined && cutShort ? before : error;
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
