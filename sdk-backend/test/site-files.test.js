import assert from 'node:assert/strict';
import { once } from 'node:events';
import { symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { serveSite, writeSite } from './site.js';

const FILES = {
  'index.html': '<!doctype html><title>Site</title>',
  'docs/index.html': '<!doctype html><title>Docs</title>',
  'app.js': 'export {};',
  'style.css': 'body {}',
  'data.bin': '\0\u0001',
  'with space.txt': 'spaced',
  'ünïcødé.txt': 'unicode',
  'sdk.wasm': '\0asm',
  'public/channels.js': 'export const ROOM = 1;',
  'backend/secret.js': 'SECRET',
  'backend/chat.web.js': 'export const SECRET = 1;',
  '.env': 'SECRET',
  'docs/.hidden/file.txt': 'SECRET',
  'docs/node_modules/x.js': 'SECRET',
  'docs/backend/page.txt': 'not the backend folder',
};

const dir = writeSite(FILES, { after });
symlinkSync(join(dir, 'backend', 'secret.js'), join(dir, 'link-to-backend.js'));
symlinkSync('/etc/hostname', join(dir, 'link-outside'));
symlinkSync(join(dir, 'docs'), join(dir, 'link-inside'));
const site = await serveSite(dir, { after });

/** Sends a path as it is, which `fetch` would not. @param {string} path @param {string} [host] */
async function rawGet(path, host = '127.0.0.1') {
  const { hostname, port } = new URL(site.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  return text(socket);
}

describe('files are served with their types', () => {
  /** @type {[string, string][]} */
  const rows = [
    ['/', 'text/html; charset=utf-8'],
    ['/index.html?x=1', 'text/html; charset=utf-8'],
    ['/docs/', 'text/html; charset=utf-8'],
    ['/app.js', 'text/javascript; charset=utf-8'],
    ['/style.css', 'text/css; charset=utf-8'],
    ['/sdk.wasm', 'application/wasm'],
    ['/data.bin', 'application/octet-stream'],
    ['/with%20space.txt', 'text/plain; charset=utf-8'],
    [`/${encodeURIComponent('ünïcødé')}.txt`, 'text/plain; charset=utf-8'],
    ['/public/channels.js', 'text/javascript; charset=utf-8'],
    ['/public/channels', 'text/javascript; charset=utf-8'],
    ['/docs/backend/page.txt', 'text/plain; charset=utf-8'],
    ['/link-inside/', 'text/html; charset=utf-8'],
    ['/_realtime/sdk/index.js', 'text/javascript; charset=utf-8'],
    ['/_realtime/sdk/wasm/sdk.wasm', 'application/wasm'],
    ['/_realtime/setup.js', 'text/javascript; charset=utf-8'],
  ];
  for (const [path, type] of rows) {
    test(path, async () => {
      const { status, headers } = await site.browser.ask(path);
      assert.deepEqual([status, headers.get('content-type')], [200, type]);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
    });
  }
});

describe('what is not public is not found', () => {
  for (const path of [
    '/backend/secret.js',
    '/backend/chat.web.js',
    '/backend/',
    '/backend',
    '/Backend/secret.js',
    '/%62ackend/secret.js',
    '/.env',
    '/%2eenv',
    '/docs/.hidden/file.txt',
    '/docs/node_modules/x.js',
    '/node_modules/wix-realtime-frontend/index.js',
    '/link-to-backend.js',
    '/link-outside',
    '/missing.js',
    '/app',
    '/app.js/',
    '/app.js/x',
    '//app.js',
    '/docs//index.html',
    '/../package.json',
    '/docs/../backend/secret.js',
    '/docs/%2e%2e/backend/secret.js',
    '/docs/..%2fbackend/secret.js',
    '/docs%2f..%2fbackend%2fsecret.js',
    '/docs/..%5cbackend/secret.js',
    '/docs\\..\\backend\\secret.js',
    '/./backend/secret.js',
    '/%00',
    '/app.js%00.txt',
    '/%',
    '/%ff',
    '/_realtime/sdk/../../backend/secret.js',
    '/_realtime/sdk/%2e%2e/%2e%2e/backend/secret.js',
    '/_realtime/sdk/',
    '/_realtime/sdk/wasm',
    '/_realtime/',
    '/_realtime/constructor',
    '/_realtime/backend/secret.js',
    '/_realtime/backend/chat.web',
    '/_realtime/backend/../secret.js',
    'http://127.0.0.1/backend/secret.js',
  ]) {
    test(path, async () => {
      const answer = await rawGet(path);
      assert.match(answer, /^HTTP\/1\.1 404 /);
      assert.match(answer, /application\/problem\+json/);
      assert.doesNotMatch(answer, /SECRET/);
    });
  }
});

test('a host of this machine answers to the names of this machine only', async () => {
  for (const name of ['localhost', 'LOCALHOST:8080', 'site.localhost', '127.0.0.1:1', '[::1]:8080']) {
    assert.match(await rawGet('/app.js', name), /^HTTP\/1\.1 200 /, name);
  }
  for (const name of [
    'evil.example',
    'evil.example:8080',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '',
  ]) {
    assert.match(await rawGet('/app.js', name), /^HTTP\/1\.1 403 /, name);
  }
});

test('a folder without its slash leads to the one with it, on this site', async () => {
  const { status, headers } = await site.browser.ask('/docs');
  assert.deepEqual([status, headers.get('location')], [308, '/docs/']);
});

test('a browser that holds the file is told that it is still good, until the file changes', async () => {
  const first = await site.browser.ask('/style.css');
  const etag = first.headers.get('etag') ?? '';
  assert.equal(first.headers.get('cache-control'), 'no-cache');
  const again = await site.browser.ask('/style.css', { headers: { 'if-none-match': `"x", ${etag}` } });
  assert.deepEqual([again.status, again.text], [304, '']);
  writeFileSync(join(dir, 'style.css'), 'body { color: red }');
  const changed = await site.browser.ask('/style.css', { headers: { 'if-none-match': etag } });
  assert.deepEqual([changed.status, changed.text], [200, 'body { color: red }']);
});

test('HEAD answers as GET does, without the body', async () => {
  for (const path of ['/', '/app.js', '/_realtime/setup.js', '/missing']) {
    const get = await site.browser.ask(path);
    const head = await site.browser.ask(path, { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [get.status, '']);
    for (const name of ['content-type', 'content-length', 'etag']) {
      assert.equal(head.headers.get(name), get.headers.get(name), `${name} of ${path}`);
    }
  }
});

test('files are read only', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status, headers, json } = await site.browser.ask('/app.js', { method });
    assert.deepEqual([status, headers.get('allow'), json.code], [405, 'GET, HEAD', 'method_not_allowed']);
  }
});
