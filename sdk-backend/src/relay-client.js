/**
 * Publications on their way to the relay: one request with one or more messages, and what became of each of them. It
 * never throws and never retries.
 *
 * @module
 */

import { failureOf, postToRelay, unreachable } from './relay-request.js';

/** @typedef {import('./publication.js').Publication} Publication */
/** @typedef {import('./settings.js').Settings} Settings */

/**
 * `accepted`: the relay has the message.
 *
 * @typedef {{ kind: 'accepted' } | import('./relay-request.js').Failure} Outcome
 */

/**
 * Posts the publications, in order, and returns an outcome for each of them. Gives up at the deadline at the latest.
 *
 * @param {Settings} settings
 * @param {readonly Publication[]} publications at least one
 * @param {number} deadline by `performance.now()`
 * @returns {Promise<Outcome[]>}
 */
export async function sendToRelay(settings, publications, deadline) {
  const isBatch = publications.length > 1;
  const path = isBatch ? '/v1/publish/batch' : '/v1/publish';
  const body = isBatch ? batchText(publications) : publications[0]?.text;
  const answer = await postToRelay(settings, path, body ?? '', deadline);
  if ('error' in answer) {
    return publications.map(({ channel }) => unreachable(answer, channel, settings));
  }
  const { status, json, retryAfterMs } = answer;
  if (status !== 200) {
    return publications.map(({ channel }) => failureOf(status, json ?? {}, retryAfterMs, channel, settings));
  }
  if (isBatch) return batchOutcomes(json?.results, publications, retryAfterMs, settings);
  if (isPosition(json)) return [{ kind: 'accepted' }];
  return strangers("the answer is no relay's", publications, settings);
}

/**
 * Whether this tells where a message now stands: only a relay that has it does.
 *
 * @param {any} result
 */
function isPosition(result) {
  return typeof result?.epoch === 'string' && typeof result.offset === 'number';
}

/**
 * Whatever answers in this way is not the relay: that may be back later.
 *
 * @param {string} reason
 * @param {readonly Publication[]} publications
 * @param {Settings} settings
 */
function strangers(reason, publications, settings) {
  const error = new Error(reason);
  return publications.map(({ channel }) => unreachable({ error, cutShort: false }, channel, settings));
}

/** @param {readonly Publication[]} publications */
function batchText(publications) {
  return `{"messages":[${publications.map(({ text }) => text).join(',')}]}`;
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
    return strangers('the answer does not have one result for each message', publications, settings);
  }
  return publications.map(({ channel }, index) => {
    const problem = results[index]?.error;
    if (!problem) return { kind: 'accepted' };
    return failureOf(Number(problem.status), problem, retryAfterMs, channel, settings);
  });
}
