import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { configure } from '../src/index.js';
import { signSession } from '../src/session-token.js';
import { Browser, serveSite, writeSite } from './site.js';
import { StubRelay } from './stub-relay.js';

const tokenSecret = 'the secret of host and relay';
const relay = new StubRelay();

const FILES = {
  'backend/chat.web.js': `
    import { Permissions, webMethod } from 'wix-web-module';
    import wixRealtimeBackend, { currentIdentity, publish } from 'wix-realtime-backend';
    import { ROOM } from 'public/channels';
    import { twice } from 'backend/lib/twice';

    export const send = webMethod(Permissions.Anyone, async (text) => {
      await publish(ROOM, { text }, { includePublisher: true });
    });
    export const whoAmI = webMethod(Permissions.Anyone, async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return currentIdentity();
    });
    export const forMembers = webMethod(Permissions.SiteMember, () => 'members');
    export const forAdmins = webMethod(Permissions.Admin, () => 'admins');
    export const callsForAdmins = webMethod(Permissions.Anyone, () => forAdmins());
    export const sameFunctions = () => wixRealtimeBackend.publish === publish;
    export const double = (n) => twice(n);
    export const echo = (...args) => args;
    export const nothing = () => undefined;
    export const falsy = () => 0;
    export const cyclic = () => { const a = {}; a.a = a; return a; };
    export const fails = async () => { throw new RangeError('too far'); };
    export const throwsText = () => { throw 'just text'; };
    export const throwsObject = () => { throw { code: 7 }; };
    export const CONSTANT = 7;
    export default () => 'the default';
  `,
  'backend/newer.web.js': `
    import { Permissions, webMethod } from '@wix/web-methods';
    export const forMembers = webMethod(Permissions.SiteMember, () => 'members');
  `,
  'backend/lib/twice.js': 'export const twice = (n) => 2 * n;',
  'backend/old.jsw': `
    import { twice } from './lib/twice';
    export function quadruple(n) { return twice(twice(n)); }
  `,
  'backend/rooms/list.web.js': `
    import { quadruple } from 'backend/old.jsw';
    import { ROOM } from 'public/channels.js';
    export const list = () => [ROOM.name, quadruple(2)];
  `,
  'public/channels.js': "export const ROOM = { name: 'room', resourceId: '7' };",
};

await relay.start();
after(() => relay.stop());
configure({ url: relay.url, apiKey: 'key' });
const site = await serveSite(writeSite(FILES, { after }), { after }, { tokenSecret });
let browser = site.newBrowser();
beforeEach(() => {
  relay.accepted = [];
  browser = site.newBrowser();
});

/** Makes the browser's session that user's. @param {Browser} of @param {string} id @param {string} type */
async function signIn(of, id, type) {
  const answer = await of.post('/_realtime/session', { token: signSession({ id, type }, tokenSecret) });
  assert.equal(answer.status, 200);
}

test('a page calls an exported function and gets its result', async () => {
  const { status, json } = await browser.call('chat.web/double', 21);
  assert.deepEqual([status, json], [200, { result: 42 }]);
});

test('arguments and results are JSON values, and undefined is no result', async () => {
  const args = [1, 'ü', null, { a: [true] }];
  assert.deepEqual((await browser.call('chat.web/echo', ...args)).json, { result: args });
  assert.deepEqual((await browser.call('chat.web/nothing')).json, {});
  assert.deepEqual((await browser.call('chat.web/falsy')).json, { result: 0 });
  assert.deepEqual((await browser.post('/_realtime/backend/chat.web/echo', {})).json, { result: [] });
});

test('.jsw files, folders and default exports work, and files import one another by their names', async () => {
  assert.equal((await browser.call('old.jsw/quadruple', 3)).json.result, 12);
  assert.deepEqual((await browser.call('rooms/list.web/list')).json.result, ['room', 8]);
  assert.equal((await browser.call('chat.web/default')).json.result, 'the default');
});

test('backend files get the very package that the host configures', async () => {
  assert.equal((await browser.call('chat.web/sameFunctions')).json.result, true);
});

test('@wix/web-methods is the newer name of wix-web-module', async () => {
  assert.equal((await browser.call('newer.web/forMembers')).status, 403);
  await signIn(browser, 'ann', 'Member');
  assert.equal((await browser.call('newer.web/forMembers')).json.result, 'members');
});

test('publish from a web method carries the identity of the caller, never one from the page', async () => {
  const bob = site.newBrowser();
  await signIn(browser, 'ann', 'Member');
  await signIn(bob, 'bob', 'Admin');
  await Promise.all([
    browser.call('chat.web/send', 'hi', { publisher: { id: 'eve' } }),
    bob.call('chat.web/send', 'ho'),
  ]);
  assert.deepEqual(relay.accepted.map(({ payload, publisher }) => [payload.text, publisher.id]).sort(), [
    ['hi', 'ann'],
    ['ho', 'bob'],
  ]);
  assert.deepEqual(relay.accepted[0]?.channel, { name: 'room', resourceId: '7' });
});

test('a browser stays the same visitor, and another browser is another one', async () => {
  const first = (await browser.call('chat.web/whoAmI')).json.result;
  assert.equal(first.type, 'Visitor');
  assert.deepEqual((await browser.call('chat.web/whoAmI')).json.result, first);
  assert.notEqual((await site.newBrowser().call('chat.web/whoAmI')).json.result.id, first.id);
});

describe('a permission lets in whom it says', () => {
  const rows = [
    { method: 'whoAmI', type: 'Visitor', status: 200 },
    { method: 'forMembers', type: 'Visitor', status: 403 },
    { method: 'forMembers', type: 'Member', status: 200 },
    { method: 'forMembers', type: 'Admin', status: 200 },
    { method: 'forAdmins', type: 'Visitor', status: 403 },
    { method: 'forAdmins', type: 'Member', status: 403 },
    { method: 'forAdmins', type: 'Admin', status: 200 },
    { method: 'callsForAdmins', type: 'Visitor', status: 200 },
  ];
  for (const { method, type, status } of rows) {
    test(`${method} for a ${type} answers ${status}`, async () => {
      await signIn(browser, 'u', type);
      const answer = await browser.call(`chat.web/${method}`);
      assert.equal(answer.status, status);
      if (status === 200) return;
      assert.equal(answer.json.code, 'forbidden');
      assert.equal(answer.json.detail, `a ${type} may not call ${method} of backend/chat.web`);
      assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    });
  }
});

describe('what a function throws reaches the page as a message; the stack stays in the log', () => {
  /** @type {[string, RegExp][]} */
  const rows = [
    ['fails', /^too far$/],
    ['throwsText', /^just text$/],
    ['throwsObject', /^the function threw \{ code: 7 \}$/],
    ['cyclic', /^its result cannot be sent to the page as JSON: Converting circular/],
  ];
  for (const [method, message] of rows) {
    test(method, async () => {
      site.log.length = 0;
      const { status, json } = await browser.call(`chat.web/${method}`);
      assert.equal(status, 500);
      assert.equal(json.code, 'web_method_failed');
      assert.match(json.detail, message);
      assert.deepEqual(Object.keys(json).sort(), ['code', 'detail', 'status', 'title', 'type']);
      assert.match(site.log.join('\n'), new RegExp(`^${method} of backend/chat\\.web failed: `));
    });
  }

  test('the log names the line that threw', async () => {
    site.log.length = 0;
    await browser.call('chat.web/fails');
    assert.match(site.log.join('\n'), /RangeError: too far\n.*backend\/chat\.web\.js:\d+/);
  });
});

describe('what is not a function of a web module cannot be called', () => {
  for (const path of [
    'chat.web/missing',
    'chat.web/CONSTANT',
    'chat.web/toString',
    'chat.web/__proto__',
    'chat.web/constructor',
    'chat.web',
    'chat.web/',
    'chat/double',
    'lib/twice/twice',
    'nope.web/x',
    '..%2fchat.web/double',
    '',
  ]) {
    test(path || 'no path', async () => {
      const { status, json } = await browser.call(path, 1);
      assert.deepEqual([status, json.code], [404, 'not_found']);
    });
  }
});

describe('requests that no page of this site makes are refused before anything is called', () => {
  const address = '/_realtime/backend/chat.web/send';
  const body = JSON.stringify({ args: ['x'] });
  const json = { 'content-type': 'application/json' };
  /** @type {[string, RequestInit & { headers: Record<string, string> }, number, string][]} */
  const rows = [
    ['from another site', { body, headers: { ...json, 'sec-fetch-site': 'cross-site' } }, 403, 'forbidden'],
    [
      'from a sibling domain',
      { body, headers: { ...json, 'sec-fetch-site': 'same-site' } },
      403,
      'forbidden',
    ],
    ['from another origin', { body, headers: { ...json, origin: 'https://evil.example' } }, 403, 'forbidden'],
    ['from nowhere', { body, headers: { ...json, origin: 'null' } }, 403, 'forbidden'],
    ['as a form', { body, headers: { 'content-type': 'text/plain' } }, 415, 'unsupported_media_type'],
    ['without a type', { body: Buffer.from(body), headers: {} }, 415, 'unsupported_media_type'],
    ['that are not JSON', { body: '{"args":[', headers: json }, 400, 'bad_input'],
    ['that are no object', { body: '[1]', headers: json }, 400, 'bad_input'],
    ['whose args are no array', { body: '{"args":{}}', headers: json }, 400, 'bad_input'],
    ['that are too large', { body: `"${'x'.repeat(1_100_000)}"`, headers: json }, 413, 'payload_too_large'],
  ];
  for (const [name, init, status, code] of rows) {
    test(name, async () => {
      const answer = await browser.ask(address, { method: 'POST', ...init });
      assert.deepEqual([answer.status, answer.json.code], [status, code]);
      assert.equal(relay.accepted.length, 0);
    });
  }

  test('by another method', async () => {
    const { status, headers, json: problem } = await browser.ask(address, { method: 'PUT', body });
    assert.deepEqual([status, problem.code], [405, 'method_not_allowed']);
    assert.equal(headers.get('allow'), 'GET, HEAD, POST');
  });

  test('while one with the own origin is served', async () => {
    const headers = { ...json, origin: site.url };
    assert.equal((await browser.ask(address, { method: 'POST', body, headers })).status, 200);
    assert.equal(relay.accepted.length, 1);
  });
});

test('the generated module has one function for each of the file, which posts the call', async () => {
  const { text, headers } = await browser.ask('/_realtime/backend/chat.web.js');
  assert.equal(headers.get('content-type'), 'text/javascript; charset=utf-8');
  const callModule = (await browser.ask('/_realtime/call.js')).text.replace(
    'fetch(address',
    `fetch(${JSON.stringify(site.url)} + address`,
  );
  /** @param {string} source */
  const dataUrl = (source) => `data:text/javascript,${encodeURIComponent(source)}`;
  const page = await import(
    dataUrl(text.replace("'/_realtime/call.js'", JSON.stringify(dataUrl(callModule))))
  );
  assert.equal(await page.double(4), 8);
  assert.deepEqual(await page.echo(1, undefined, undefined), [1]);
  assert.equal(await page.nothing(), undefined);
  assert.equal(await page.default(), 'the default');
  assert.equal('CONSTANT' in page, false);
  await assert.rejects(page.fails(), { name: 'Error', message: 'too far' });
  await assert.rejects(page.forAdmins(), { message: 'a Visitor may not call forAdmins of backend/chat.web' });
});

test('a page that imports the backend package is told where the code belongs', async () => {
  const { text } = await browser.ask('/_realtime/server-only.js');
  const page = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  const real = await import('../src/index.js');
  assert.deepEqual(Object.keys(page).sort(), Object.keys(real).sort());
  assert.throws(
    () => page.publish({ name: 'room' }, 1),
    /works on the server only: .* backend\/NAME\.web\.js/,
  );
  assert.throws(() => page.default.permissionsRouter.add(), /permissionsRouter\.add of wix-realtime-backend/);
});
