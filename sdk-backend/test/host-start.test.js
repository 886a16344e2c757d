import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HELP } from '../src/host/cli.js';
import { Browser, writeSite } from './site.js';
import { StubRelay } from './stub-relay.js';

const BIN = fileURLToPath(new URL('../bin/wix-realtime-backend.js', import.meta.url));
const CLEAN = { PATH: process.env.PATH ?? '' };

/**
 * The command with these arguments; killed when the test ends.
 *
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 */
function start(t, args, env = {}) {
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...CLEAN, ...env } });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

/**
 * Runs the command to its end.
 *
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 */
async function run(t, args) {
  const child = start(t, args);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code };
}

/** Waits until it says where it listens. @param {import('node:child_process').ChildProcessByStdio<any, any, any>} child */
async function listening(child) {
  let said = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    said += chunk;
    const [, url] = /^listening on (http:\/\/\S+)\n/.exec(said) ?? [];
    if (url) return url;
  }
  return assert.fail(`it ended: ${await text(child.stderr)}`);
}

/** @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal */
async function stopBy(child, signal) {
  const exited = once(child, 'exit');
  child.kill(signal);
  return exited;
}

for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
  test(`serve says where it listens, serves, and ends with 0 on ${signal}`, async (t) => {
    const dir = writeSite({ 'index.html': '<title>Site</title>' }, t);
    const child = start(t, ['serve', dir, '--listen', '127.0.0.1:0', '--relay', 'http://127.0.0.1:9']);
    const url = await listening(child);
    const { status, text: html } = await new Browser(url).ask('/');
    assert.equal(status, 200);
    assert.match(html, /content="http:\/\/127\.0\.0\.1:9"/);
    assert.deepEqual(await stopBy(child, signal), [0, null]);
  });
}

test('a stop lets the answer and the messages under way finish', async (t) => {
  const relay = await new StubRelay().start();
  t.after(() => relay.stop());
  let isAway = true;
  relay.misbehave = () => (isAway ? { status: 503 } : undefined);
  const source = `
    import { publish } from 'wix-realtime-backend';
    export async function send() {
      publish({ name: 'room' }, 'not awaited');
      await new Promise((resolve) => setTimeout(resolve, 200));
      return 'done';
    }`;
  const dir = writeSite({ 'backend/chat.web.js': source }, t);
  const child = start(t, ['serve', dir, '--listen', '127.0.0.1:0', '--relay', relay.url]);
  const browser = new Browser(await listening(child));
  const answer = browser.call('chat.web/send');
  while (relay.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const stopped = stopBy(child, 'SIGTERM');
  assert.equal((await answer).json.result, 'done');
  setTimeout(() => {
    isAway = false;
  }, 200);
  assert.deepEqual(await stopped, [0, null]);
  assert.deepEqual(relay.payloads('room'), ['not awaited']);
});

test('a rejection that nobody catches is logged and the site goes on', async (t) => {
  const source = `export function send() { Promise.reject(new Error('nobody looked')); return 1; }`;
  const dir = writeSite({ 'backend/chat.web.js': source }, t);
  const child = start(t, ['serve', dir, '--listen', '127.0.0.1:0']);
  const log = text(child.stderr);
  const browser = new Browser(await listening(child));
  assert.equal((await browser.call('chat.web/send')).json.result, 1);
  assert.equal((await browser.call('chat.web/send')).json.result, 1);
  await stopBy(child, 'SIGTERM');
  assert.match(await log, /a promise rejected and nobody caught it: Error: nobody looked\n.*chat\.web\.js:1/);
});

test('the options name relay, secret and SDK', async (t) => {
  const dir = writeSite(
    { 'index.html': '<title>Site</title>', 'own-sdk/package.json': '{"main":"own.js"}' },
    t,
  );
  const options = [
    '--public-relay',
    'https://relay.example',
    '--sdk',
    `${dir}/own-sdk`,
    '--listen',
    '[::1]:0',
  ];
  const child = start(t, ['serve', dir, ...options], {
    RELAY_TOKEN_SECRET: 's',
    RELAY_URL: 'http://127.0.0.1:9',
  });
  const url = await listening(child);
  assert.match(url, /^http:\/\/\[::1\]:\d+$/);
  const browser = new Browser(url);
  const { text: html } = await browser.ask('/');
  assert.match(html, /content="https:\/\/relay\.example"/);
  assert.match(html, /"wix-realtime-frontend":"\/_realtime\/sdk\/own\.js"/);
  assert.equal((await browser.ask('/_realtime/token')).status, 200);
});

describe('a site that does not load stops the start with file, line and reason', () => {
  /** @type {[string, Record<string, string>, RegExp][]} */
  const rows = [
    [
      'a syntax error',
      { 'backend/a.web.js': 'export const a = 1;\nexport const b = ;' },
      /^backend\/a\.web\.js:2: SyntaxError: Unexpected token ';'$/m,
    ],
    [
      'a syntax error in a file that is imported',
      { 'backend/a.web.js': "import 'backend/lib';", 'backend/lib.js': '\n\n{{{' },
      /^backend\/lib\.js:3: SyntaxError: Unexpected end of input$/m,
    ],
    [
      'an exception',
      { 'backend/a.web.js': '\n\nthrow new Error("boom");' },
      /^backend\/a\.web\.js:3: Error: boom$/m,
    ],
    [
      'an exception in a file that is imported',
      { 'backend/a.jsw': "import 'public/lib';", 'public/lib.js': '\nnull.x;' },
      /^public\/lib\.js:2: TypeError: Cannot read properties of null/m,
    ],
    [
      'a mistyped permission',
      {
        'backend/a.web.js':
          "import { Permissions, webMethod } from 'wix-web-module';\nexport const a = webMethod(Permissions.Members, () => 1);",
      },
      /^backend\/a\.web\.js:2: TypeError: webMethod\(permission, fn\): permission is one of Permissions\.Anyone,/m,
    ],
    [
      'an import of a file that is not there',
      { 'backend/a.web.js': "// nothing\nimport 'backend/nothing';" },
      /^backend\/a\.web\.js:2: Error: Cannot find module 'backend\/nothing' .*there is no backend\/nothing,/m,
    ],
    [
      'an import of a package that is not installed',
      { 'backend/a.web.js': "\n\nimport data from 'no-such-package';" },
      /^backend\/a\.web\.js:3: Error: Cannot find package 'no-such-package'/m,
    ],
    [
      "an import of one of Velo's modules that is not here",
      { 'backend/a.web.js': "import wixData from 'wix-data';" },
      /^backend\/a\.web\.js:1: Error: Cannot find package 'wix-data' .*: of Velo's modules, wix-realtime-backend, wix-web-module and/m,
    ],
    [
      'an import of a name that the file does not export',
      { 'backend/a.web.js': "\nimport { b } from 'backend/b';", 'backend/b.js': '' },
      /^backend\/a\.web\.js:2: SyntaxError: The requested module 'backend\/b' does not provide an export named 'b'$/m,
    ],
    [
      'something thrown that is no error',
      { 'backend/a.web.js': 'throw "text"' },
      /^backend\/a\.web\.js: text$/m,
    ],
  ];
  for (const [name, files, message] of rows) {
    test(name, async (t) => {
      const { code, stdout, stderr } = await run(t, [
        'serve',
        writeSite(files, t),
        '--listen',
        '127.0.0.1:0',
      ]);
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    });
  }

  test('a frontend SDK that is not where it should be', async (t) => {
    const dir = writeSite({}, t);
    const { code, stderr } = await run(t, ['serve', dir, '--sdk', `${dir}/backend`]);
    assert.equal(code, 1);
    assert.match(stderr, /backend is not the folder of wix-realtime-frontend/);
  });

  test('an address that is taken', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const { code, stderr } = await run(t, ['serve', writeSite({}, t), '--listen', `127.0.0.1:${port}`]);
    assert.equal(code, 1);
    assert.match(stderr, /EADDRINUSE/);
  });
});

test('--help describes each option and variable, --version is that of the package', async (t) => {
  const help = await run(t, ['--help']);
  assert.deepEqual([help.code, help.stdout], [0, HELP]);
  for (const word of [
    'serve DIR',
    '--listen',
    '--relay',
    '--public-relay',
    '--sdk',
    '--trust-proxy',
    'RELAY_API_KEY',
    'RELAY_TOKEN_SECRET',
    'RELAY_PERMISSIONS_SECRET',
    'RELAY_URL',
  ]) {
    assert.ok(HELP.includes(word), word);
  }
  assert.ok(HELP.split('\n').every((line) => line.length <= 120));
  const version = await run(t, ['--version']);
  assert.deepEqual([version.code, version.stdout], [0, '0.1.0\n']);
});

describe('wrong arguments end with 2 and a hint', () => {
  /** @type {[string[], RegExp][]} */
  const rows = [
    [[], /no command/],
    [['run', '.'], /unknown command: run/],
    [['serve'], /serve needs the folder/],
    [['serve', '.', 'x'], /what is x\?/],
    [['serve', '/no/such/folder'], /\/no\/such\/folder is not a folder/],
    [['serve', '.', '--lisen', 'x'], /--lisen/],
    [['serve', '.', '--listen', 'here'], /--listen takes HOST:PORT/],
    [['serve', '.', '--listen', '127.0.0.1:70000'], /--listen takes HOST:PORT/],
    [['serve', '.', '--relay', 'here'], /--relay must be an address/],
    [['serve', '.', '--public-relay', 'ws://x'], /--public-relay must be an address/],
  ];
  for (const [args, message] of rows) {
    test(args.join(' ') || 'none', async (t) => {
      const { code, stdout, stderr } = await run(t, args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, message);
      assert.match(stderr, /--help says how to use it/);
    });
  }
});
