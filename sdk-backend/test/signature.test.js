import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_AGE_SECONDS, problemOfSignature } from '../src/endpoint/signature.js';
import { examples, sign } from './questions.js';

const BODY = '{"request":{}}';
const NOW = 1_767_225_600;

/** @param {string | undefined} header @param {number} [now] @param {string[]} [secrets] */
const problem = (header, now = NOW, secrets = ['s3cret']) =>
  problemOfSignature(header, Buffer.from(BODY), secrets, now);

test('what the relay signs is recognised, to the byte', () => {
  for (const { body, secret, sentAt, signature } of examples) {
    assert.equal(problemOfSignature(signature, Buffer.from(body), [secret], sentAt), undefined);
    assert.equal(sign(body, secret, sentAt), signature);
  }
});

test('any of several secrets will do, so that they can be changed without a gap', () => {
  for (const secret of ['old', 'new']) {
    assert.equal(problem(sign(BODY, secret, NOW), NOW, ['new', 'old']), undefined);
  }
  assert.match(problem(sign(BODY, 'older', NOW), NOW, ['new', 'old']) ?? '', /not made with this secret/);
});

test('one of several signatures will do, and parts of a later version are passed over', () => {
  const [time, good] = sign(BODY, 's3cret', NOW).split(',');
  assert.equal(problem(`v2=zzz,${time},v1=${'0'.repeat(64)}, ${good} ,x`), undefined);
});

test('a signature is good for five minutes, and as long before its time', () => {
  assert.equal(MAX_AGE_SECONDS, 300);
  const header = sign(BODY, 's3cret', NOW);
  for (const now of [NOW, NOW + 300, NOW - 300]) assert.equal(problem(header, now), undefined, String(now));
  assert.match(
    problem(header, NOW + 301) ?? '',
    /made 301 s ago, and 300 s are allowed: are both clocks right/,
  );
  assert.match(problem(header, NOW - 301) ?? '', /made 301 s from now/);
});

describe('what is not a signature of this body is refused with the reason', () => {
  const [time, good] = sign(BODY, 's3cret', NOW).split(',');
  /** @type {[string, string | undefined, RegExp][]} */
  const rows = [
    ['none', undefined, /has no Realtime-Signature: is RELAY_PERMISSIONS_SECRET set for the relay\?/],
    ['empty', '', /has no Realtime-Signature/],
    ['without a time', `${good}`, /not of the form/],
    ['without a signature', `${time}`, /not of the form/],
    ['with a time that is none', `t=soon,${good}`, /not of the form/],
    ['with a time beyond all numbers', `t=${'9'.repeat(40)},${good}`, /not of the form/],
    ['cut', `${time},${good?.slice(0, -2)}`, /not of the form/],
    ['in capitals', `${time},${good?.toUpperCase()}`, /not of the form/],
    ['over another time', `t=${NOW + 1},${good}`, /not made with this secret over this body/],
    ['over another body', sign(`${BODY} `, 's3cret', NOW), /not made with this secret/],
    ['with another secret', sign(BODY, 'S3cret', NOW), /not made with this secret/],
  ];
  for (const [name, header, reason] of rows) {
    test(name, () => assert.match(problem(header) ?? 'it is good', reason));
  }
});
