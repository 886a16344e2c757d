import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bodyOf, PATH, posting, SECRET, sign } from './questions.js';
import { serveSite, writeSite } from './site.js';

const FILE = 'backend/realtime-permissions.js';

const HOOK = `import { permissionsRouter } from 'wix-realtime-backend';
import { site } from '@wix/realtime';
import { mayRead } from './rules/staff';
import channels from 'public/channels.json';
site.permissionsRouter.default(() => ({ read: false }));
permissionsRouter.add({ name: channels.staff }, mayRead);
export function realtime_check_permission(channel, subscriber) {
  return permissionsRouter.check(channel, subscriber);
}`;

const SITE = {
  [FILE]: HOOK,
  'backend/rules/staff.js': "export const mayRead = (_, { type }) => ({ read: type === 'Member' });",
  'public/channels.json': '{ "staff": "staff" }',
};

/** @param {any} t @param {Record<string, string>} files @param {any} [options] */
function serve(t, files, options = {}) {
  return serveSite(writeSite(files, t), t, { permissionsSecret: SECRET, ...options });
}

/** @param {string} url @param {any} channel @param {any} [subscriber] */
async function ask(url, channel, subscriber) {
  const response = await fetch(`${url}${PATH}`, posting(bodyOf(channel, subscriber)));
  return { status: response.status, json: /** @type {any} */ (await response.json()) };
}

test("a relay's questions are answered by the site's permissions file, with what it imports", async (t) => {
  const { url, log } = await serve(t, SITE);
  assert.deepEqual((await ask(url, { name: 'staff' })).json, { read: true, decidedBy: 'exact' });
  const visitor = { id: 'v', type: 'Visitor' };
  assert.deepEqual((await ask(url, { name: 'staff' }, visitor)).json, { read: false, decidedBy: 'exact' });
  assert.deepEqual((await ask(url, { name: 'other' })).json, { read: false, decidedBy: 'default' });
  assert.ok(log.includes(`permissions: answering a relay that asks, by ${FILE}`), log.join('\n'));
});

test('any of several secrets will do, and no other', async (t) => {
  const { url } = await serve(t, SITE, { permissionsSecret: 'new,old' });
  const body = bodyOf({ name: 'staff' });
  for (const [secret, status] of /** @type {const} */ ([
    ['new', 200],
    ['old', 200],
    ['older', 401],
  ])) {
    const response = await fetch(
      `${url}${PATH}`,
      posting(body, { 'realtime-signature': sign(body, secret) }),
    );
    assert.equal(response.status, status, secret);
  }
});

test('without a secret the host answers no questions', async (t) => {
  const { url } = await serve(t, SITE, { permissionsSecret: undefined });
  assert.equal((await ask(url, { name: 'staff' })).status, 405);
});

test('without a permissions file everyone may read, and the log says so loudly', async (t) => {
  const { url, log } = await serve(t, {});
  assert.deepEqual((await ask(url, { name: 'staff' })).json, { read: true });
  assert.match(
    log.join('\n'),
    /there is no backend\/realtime-permissions\.js, .* EVERYONE may read EVERY channel/,
  );
});

test('the file itself is never served', async (t) => {
  const { url } = await serve(t, SITE);
  assert.equal((await fetch(`${url}/${FILE}`)).status, 404);
  assert.equal((await fetch(`${url}${PATH}`)).status, 405);
});

test('web methods and the permissions file share one router', async (t) => {
  const { url, browser } = await serve(t, {
    [FILE]: HOOK.replace("'./rules/staff'", "'backend/rules/staff.js'"),
    'backend/rules/staff.js': SITE['backend/rules/staff.js'],
    'public/channels.json': SITE['public/channels.json'],
    'backend/rooms.web.js': `import { permissionsRouter } from 'wix-realtime-backend';
export const open = (name) => permissionsRouter.add({ name }, () => ({ read: true }));`,
  });
  assert.equal((await ask(url, { name: 'lobby' })).json.read, false);
  assert.equal((await browser.call('rooms.web/open', 'lobby')).status, 200);
  assert.deepEqual((await ask(url, { name: 'lobby' })).json, { read: true, decidedBy: 'exact' });
});

describe('a permissions file that cannot answer stops the start with file, line and reason', () => {
  /** @type {[string, string, RegExp][]} */
  const rows = [
    [
      'without a hook',
      'export const other = 1;',
      /^backend\/realtime-permissions\.js: does not export `realtime_check_permission`[\s\S]*these lines do:/,
    ],
    [
      'with a hook that is no function',
      'export const realtime_check_permission = {};',
      /: exports `realtime_check_permission`, but it is not a function/,
    ],
    ['that throws', '\nthrow new Error("no");', /^backend\/realtime-permissions\.js:2: Error: no/],
    ['with a syntax error', 'export function (', /^backend\/realtime-permissions\.js:1: SyntaxError/],
    [
      'with an import that leads nowhere',
      "\n\nimport 'backend/none';",
      /^backend\/realtime-permissions\.js:3: Error: Cannot find module 'backend\/none'/,
    ],
  ];
  for (const [name, text, message] of rows) {
    test(name, async (t) => {
      await assert.rejects(serve(t, { [FILE]: text }), (error) => {
        assert.match(/** @type {Error} */ (error).message, message);
        return true;
      });
    });
  }
});

test('pages import the frontend SDK by the name of the newer surface too', async (t) => {
  const { browser } = await serve(t, { 'index.html': '<!doctype html><title>a</title>' });
  const { text } = await browser.ask('/');
  const map = JSON.parse(/<script type="importmap"[^>]*>(.*?)<\/script>/s.exec(text)?.[1] ?? '{}');
  assert.equal(map.imports['@wix/realtime'], map.imports['wix-realtime-frontend']);
  assert.equal(map.imports['@wix/realtime/subscriber'], map.imports['wix-realtime-frontend/subscriber']);
  assert.ok(map.imports['@wix/realtime']);
});
