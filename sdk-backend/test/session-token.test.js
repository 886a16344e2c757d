import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { createSessionToken, currentIdentity, runAs, verifySessionToken } from '../src/index.js';
import { readSession, signSession } from '../src/session-token.js';

const secret = 'a secret of the tests that is long enough';
beforeEach(() => {
  process.env.RELAY_TOKEN_SECRET = secret;
});
afterEach(() => {
  delete process.env.RELAY_TOKEN_SECRET;
});

/** @param {unknown} value */
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token made by hand. @param {unknown} header @param {unknown} claims @param {string} [key] */
function token(header, claims, key = secret) {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

const HS256 = { alg: 'HS256', typ: 'JWT' };
const inAnHour = Math.floor(Date.now() / 1000) + 3600;

test('a token says who it was made for', () => {
  for (const type of /** @type {const} */ (['Admin', 'Member', 'Visitor'])) {
    assert.deepEqual(verifySessionToken(createSessionToken({ id: 'ünn', type })), { id: 'ünn', type });
  }
});

test('the type is Member when missing and may be written in any case', () => {
  assert.equal(verifySessionToken(createSessionToken({ id: 'ann' }))?.type, 'Member');
  assert.equal(verifySessionToken(createSessionToken({ id: 'ann', type: 'ADMIN' }))?.type, 'Admin');
  assert.equal(
    readSession(token(HS256, { sub: 'ann', type: 'visitor', exp: inAnHour }), secret)?.type,
    'Visitor',
  );
});

test('a token is a JWT that any library reads: HS256 over sub, type, iat and exp', () => {
  const [header, claims, signature] = signSession({ id: 'ann', ttlSeconds: 60 }, secret, 1000).split('.');
  assert.deepEqual(JSON.parse(Buffer.from(String(header), 'base64url').toString()), HS256);
  assert.deepEqual(JSON.parse(Buffer.from(String(claims), 'base64url').toString()), {
    sub: 'ann',
    type: 'Member',
    iat: 1000,
    exp: 1060,
  });
  assert.equal(createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url'), signature);
});

test('a token is good until its time is up', () => {
  const signed = signSession({ id: 'ann', ttlSeconds: 60 }, secret, 1000);
  assert.equal(readSession(signed, secret, 1059)?.expiresAt, 1060);
  assert.equal(readSession(signed, secret, 1060), undefined);
});

test('forged, foreign and malformed tokens are nobody', () => {
  const good = { sub: 'ann', type: 'Admin', exp: inAnHour };
  const genuine = token(HS256, good);
  assert.equal(readSession(genuine, secret)?.id, 'ann');
  const [header, claims, signature] = genuine.split('.');
  /** @type {[string, unknown][]} */
  const bad = [
    ['another secret', token(HS256, good, 'another secret')],
    ['no algorithm', `${encode({ alg: 'none' })}.${claims}.`],
    ['no algorithm, signed', token({ alg: 'none' }, good)],
    ['another algorithm', token({ alg: 'HS512' }, good)],
    ['other claims under the signature', `${header}.${encode({ ...good, sub: 'bob' })}.${signature}`],
    ['a shortened signature', genuine.slice(0, -2)],
    ['no signature', `${header}.${claims}.`],
    ['a fourth part', `${genuine}.x`],
    ['no expiry', token(HS256, { sub: 'ann' })],
    ['an expiry that is no number', token(HS256, { ...good, exp: 'never' })],
    ['no user', token(HS256, { exp: inAnHour })],
    ['an unknown type', token(HS256, { ...good, type: 'Root' })],
    ['claims that are no object', token(HS256, 7)],
    ['not JSON', token(HS256, good).replace(String(claims), 'e30e')],
    ['empty', ''],
    ['not a string', 7],
    ['too long', `${header}.${'a'.repeat(5000)}.${signature}`],
  ];
  for (const [name, value] of bad) assert.equal(readSession(value, secret), undefined, name);
});

test('wrong arguments and a missing secret are named', () => {
  const create = /** @type {any} */ (createSessionToken);
  assert.throws(() => create('ann'), { errorCode: 3, message: /an identity is an object/ });
  assert.throws(() => create({ id: '' }), /id is a string that is not empty/);
  assert.throws(() => create({ id: 'ann', type: 'Root' }), /one of Admin, Member, Visitor, not "Root"/);
  for (const ttlSeconds of [0, -1, 1.5, '60', Number.POSITIVE_INFINITY]) {
    assert.throws(() => create({ id: 'ann', ttlSeconds }), /ttlSeconds must be a whole number/);
  }
  delete process.env.RELAY_TOKEN_SECRET;
  assert.throws(() => create({ id: 'ann' }), /RELAY_TOKEN_SECRET/);
  assert.throws(() => verifySessionToken('x'), /RELAY_TOKEN_SECRET/);
});

test('runAs puts an identity in force, through awaits and timers, and only inside', async () => {
  const seen = await runAs({ id: 'ann', type: 'admin' }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const inner = runAs({ id: 'bob' }, () => currentIdentity());
    return [currentIdentity(), inner];
  });
  assert.deepEqual(seen, [
    { id: 'ann', type: 'Admin' },
    { id: 'bob', type: 'Member' },
  ]);
  assert.equal(currentIdentity(), undefined);
  assert.throws(
    () => runAs({ id: 'ann' }, /** @type {any} */ (undefined)),
    /fn is a function, not undefined/,
  );
});
