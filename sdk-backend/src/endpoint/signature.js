/**
 * Whether a question is the relay's: the header `Realtime-Signature: t=<seconds since 1970>,v1=<HMAC-SHA256 of
 * "t.body" in hex>`, made with the secret that relay and backend share.
 *
 * @module
 */

import { createHmac, timingSafeEqual } from 'node:crypto';

export const SIGNATURE_HEADER = 'realtime-signature';

/**
 * How far the time of a signature may be from ours, in seconds: clocks differ, and a question that somebody has seen
 * must not be good for ever.
 */
export const MAX_AGE_SECONDS = 300;

/**
 * Why a signature is not good; undefined when it is. Takes equally long for every wrong one.
 *
 * @param {string | null | undefined} header
 * @param {Uint8Array} body as it came
 * @param {readonly string[]} secrets any of which will do
 * @param {number} [now] in seconds since 1970
 * @returns {string | undefined}
 */
export function problemOfSignature(header, body, secrets, now = Math.floor(Date.now() / 1000)) {
  if (!header) return 'the request has no Realtime-Signature: is RELAY_PERMISSIONS_SECRET set for the relay?';
  const { time, signatures } = parse(header);
  if (time === undefined || signatures.length === 0) {
    return 'the Realtime-Signature is not of the form t=SECONDS,v1=HEX';
  }
  const expected = secrets.map((secret) =>
    createHmac('sha256', secret).update(`${time}.`).update(body).digest(),
  );
  const isGenuine = expected
    .map((digest) => signatures.map((given) => timingSafeEqual(given, digest)).includes(true))
    .includes(true);
  if (!isGenuine) return 'the Realtime-Signature is not made with this secret over this body';
  const age = now - Number(time);
  if (Math.abs(age) <= MAX_AGE_SECONDS) return undefined;
  const when = age > 0 ? `${age} s ago` : `${-age} s from now`;
  return `the Realtime-Signature was made ${when}, and ${MAX_AGE_SECONDS} s are allowed: are both clocks right?`;
}

/**
 * Parts that this version does not know are left for a later one.
 *
 * @param {string} header
 */
function parse(header) {
  /** @type {string | undefined} */
  let time;
  /** @type {Buffer[]} */
  const signatures = [];
  for (const part of header.split(',')) {
    const [, name, value = ''] = /^\s*(t|v1)=([0-9a-f]+)\s*$/.exec(part) ?? [];
    if (name === 't' && /^\d{1,12}$/.test(value)) time = value;
    if (name === 'v1' && value.length === 64) signatures.push(Buffer.from(value, 'hex'));
  }
  return { time, signatures };
}
