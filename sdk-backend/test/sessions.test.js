import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { readSession, signSession } from '../src/session-token.js';
import { Browser, serveSite, writeSite } from './site.js';

const tokenSecret = 'the secret of host and relay';
const FILES = { 'index.html': '<!doctype html><title>Site</title>' };
const ownPage = { 'sec-fetch-site': 'same-origin' };

const site = await serveSite(writeSite(FILES, { after }), { after }, { tokenSecret });
let browser = site.newBrowser();
beforeEach(() => {
  browser = site.newBrowser();
});

/** Who the relay would take the browser for. @param {Browser} of */
async function relayIdentity(of) {
  const { json } = await of.ask('/_realtime/token', { headers: ownPage });
  return readSession(json.token, tokenSecret);
}

test('a page gives a new browser a visitor session in a cookie that scripts and other sites cannot use', async () => {
  const { headers } = await browser.ask('/');
  const cookie = headers.get('set-cookie') ?? '';
  assert.match(
    cookie,
    /^realtime_session=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/,
  );
  const session = readSession(browser.cookie.replace('realtime_session=', ''), tokenSecret);
  assert.equal(session?.type, 'Visitor');
  assert.match(String(session?.id), /^[\da-f]{8}-/);
});

test('a browser that has a session is not given another', async () => {
  await browser.ask('/');
  const { headers } = await browser.ask('/');
  assert.equal(headers.get('set-cookie'), null);
});

test('the token for the relay names the user of the session, and is good for an hour at most', async () => {
  await browser.ask('/');
  const visitor = readSession(browser.cookie.replace('realtime_session=', ''), tokenSecret);
  const [asked, first, answered] = [Date.now() / 1000, await relayIdentity(browser), Date.now() / 1000];
  assert.deepEqual([first?.id, first?.type], [visitor?.id, 'Visitor']);
  const expiresAt = first?.expiresAt ?? 0;
  assert.ok(expiresAt > asked + 3598 && expiresAt <= answered + 3601, `${asked} ${expiresAt} ${answered}`);
});

test('a token for the relay does not outlive its session', async () => {
  const token = signSession({ id: 'ann', ttlSeconds: 100 }, tokenSecret);
  await browser.post('/_realtime/session', { token });
  assert.ok(((await relayIdentity(browser))?.expiresAt ?? Infinity) <= Date.now() / 1000 + 101);
});

test('a session token that backend code made signs the browser in', async () => {
  const token = signSession({ id: 'ann', type: 'Admin' }, tokenSecret);
  const { status, json } = await browser.post('/_realtime/session', { token });
  assert.deepEqual([status, json], [200, { id: 'ann', type: 'Admin' }]);
  assert.equal((await relayIdentity(browser))?.id, 'ann');
});

test('no token signs the browser out: it is a new visitor', async () => {
  await browser.post('/_realtime/session', { token: signSession({ id: 'ann' }, tokenSecret) });
  const { json } = await browser.post('/_realtime/session', { token: null });
  assert.equal(json.type, 'Visitor');
  assert.equal((await relayIdentity(browser))?.id, json.id);
});

test('forged and expired session tokens are refused and change nothing', async () => {
  await browser.post('/_realtime/session', { token: signSession({ id: 'ann' }, tokenSecret) });
  const bad = [
    signSession({ id: 'eve', type: 'Admin' }, 'a guess'),
    signSession({ id: 'eve', ttlSeconds: 1 }, tokenSecret, 1000),
    'x',
    7,
    undefined,
  ];
  for (const token of bad) {
    const { status, json } = await browser.post('/_realtime/session', { token });
    assert.deepEqual([status, json.code], [401, 'unauthorized']);
  }
  assert.equal((await relayIdentity(browser))?.id, 'ann');
});

test('a cookie that was tampered with is no session', async () => {
  const [header, , signature] = signSession({ id: 'ann' }, tokenSecret).split('.');
  const claims = Buffer.from(JSON.stringify({ sub: 'eve', type: 'Admin', exp: 9e9 })).toString('base64url');
  browser.cookie = `realtime_session=${header}.${claims}.${signature}`;
  assert.equal((await relayIdentity(browser))?.type, 'Visitor');
});

test('the cookie is found among others', async () => {
  browser.cookie = `a=1; realtime_session=${signSession({ id: 'ann' }, tokenSecret)}; b=2`;
  assert.equal((await relayIdentity(browser))?.id, 'ann');
});

test('other sites get no token and cannot replace the session', async () => {
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
    assert.equal((await browser.ask('/_realtime/token', { headers })).status, 403);
  }
  const token = signSession({ id: 'eve' }, tokenSecret);
  const answer = await browser.post('/_realtime/session', { token }, { 'sec-fetch-site': 'cross-site' });
  assert.equal(answer.status, 403);
  assert.equal(answer.headers.get('set-cookie'), null);
});

test('session and token take their own methods only', async () => {
  assert.equal((await browser.ask('/_realtime/session')).headers.get('allow'), 'POST');
  assert.equal((await browser.post('/_realtime/token', {})).headers.get('allow'), 'GET, HEAD');
});

test('behind a trusted proxy the cookie is Secure and the origin is that of the proxy', async (t) => {
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'site.example' };
  const proxied = await serveSite(writeSite(FILES, t), t, { tokenSecret, isProxyTrusted: true });
  const { headers } = await proxied.browser.ask('/', { headers: forwarded });
  assert.match(headers.get('set-cookie') ?? '', /; Secure$/);
  const fromPage = { headers: { ...forwarded, origin: 'https://site.example' } };
  assert.equal((await proxied.browser.ask('/_realtime/token', fromPage)).status, 200);
  assert.doesNotMatch(
    (await browser.ask('/', { headers: forwarded })).headers.get('set-cookie') ?? '',
    /Secure/,
  );
  assert.equal((await browser.ask('/_realtime/token', fromPage)).status, 403);
});

test('without a shared secret sessions work, but there are no tokens for the relay and pages do not ask', async (t) => {
  const alone = await serveSite(writeSite(FILES, t), t);
  const { text } = await alone.browser.ask('/');
  assert.doesNotMatch(text, /setup\.js/);
  assert.match(alone.browser.cookie, /^realtime_session=/);
  assert.equal((await alone.browser.ask('/')).headers.get('set-cookie'), null);
  const { status, json } = await alone.browser.ask('/_realtime/token');
  assert.deepEqual([status, json.code], [503, 'unavailable']);
  assert.match(json.detail, /RELAY_TOKEN_SECRET/);
});
