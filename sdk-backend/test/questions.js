/**
 * Questions about permissions as a relay asks them, for tests of whoever answers.
 *
 * @module
 */

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** @typedef {{ id: string, type: 'Admin' | 'Member' | 'Visitor' }} Subscriber */

/**
 * What the relay's own tests hold its questions to: question, body, secret, time and signature of each.
 *
 * @type {{ channel: any, subscriber: Subscriber, requestId: string, body: string, secret: string, sentAt: number, signature: string }[]}
 */
export const examples = JSON.parse(
  readFileSync(new URL('../../relay/tests/fixtures/webhook/questions.json', import.meta.url), 'utf8'),
);

export const PATH = '/v1/check-subscriber-permissions';
export const SECRET = 's3cret';

/** @type {Subscriber} */
const ANNA = { id: 'anna', type: 'Member' };

/**
 * A question's body, in the format of the service plugin.
 *
 * @param {any} channel
 * @param {any} [subscriber]
 */
export function bodyOf(channel, subscriber = ANNA) {
  const type = String(subscriber.type).toUpperCase();
  return JSON.stringify({
    request: { channel, subscriber: { id: subscriber.id, type }, requestingAppId: '' },
    metadata: { requestId: 'r-1', identity: { identityType: 'MEMBER', memberId: subscriber.id } },
  });
}

/**
 * @param {string} body
 * @param {string} [secret]
 * @param {number} [time] in seconds since 1970
 */
export function sign(body, secret = SECRET, time = Math.floor(Date.now() / 1000)) {
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
}

/**
 * What to give to fetch for a question that is right.
 *
 * @param {string} body
 * @param {Record<string, string>} [headers] instead of those that are right
 */
export function posting(body, headers = {}) {
  return {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'realtime-signature': sign(body), ...headers },
  };
}
