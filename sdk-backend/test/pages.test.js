import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { importMap } from '../src/host/import-map.js';
import { pageReply } from '../src/host/page.js';
import { serveSite, writeSite } from './site.js';

const setup = { importMap: { imports: { a: '/a.js' } }, relayUrl: 'http://127.0.0.1:8787', hasSetup: true };

/** @param {string} html */
const render = (html) => {
  const { headers, body } = pageReply(html, setup);
  return { html: String(body), policy: headers['content-security-policy'] ?? '' };
};

/** @param {string} text */
const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

describe('the import map', () => {
  /** @param {Partial<Parameters<typeof importMap>[0]>} site */
  const imports = (site) => importMap({ sdk: {}, webModules: [], publicModules: [], ...site }).imports;

  test('leads web modules, with and without extension, to one address', () => {
    const map = imports({ webModules: ['chat.web.js', 'old/maths.jsw', 'with space.web.js'] });
    for (const name of ['chat.web', 'chat.web.js']) {
      assert.equal(map[`backend/${name}`], '/_realtime/backend/chat.web.js');
    }
    for (const name of ['old/maths', 'old/maths.jsw']) {
      assert.equal(map[`backend/${name}`], '/_realtime/backend/old/maths.jsw.js');
    }
    assert.equal(map['backend/with space.web'], '/_realtime/backend/with%20space.web.js');
  });

  test('leads public files, with and without extension, to one address', () => {
    const map = imports({ publicModules: ['channels.js', 'lib/a.js'] });
    assert.equal(map['public/channels'], '/public/channels.js');
    assert.equal(map['public/lib/a'], '/public/lib/a.js');
    assert.equal(map['public/'], '/public/');
  });

  test('tells pages that the backend package is not for them', () => {
    assert.equal(imports({})['wix-realtime-backend'], '/_realtime/server-only.js');
  });

  /** @type {[string, import('../src/host/import-map.js').PackageJson, Record<string, string>][]} */
  const rows = [
    ['one file', { exports: './index.js' }, { '': 'index.js' }],
    ['conditions', { exports: { types: './i.d.ts', node: './n.js', import: './i.js' } }, { '': 'i.js' }],
    [
      'nested conditions, in the order of the package',
      {
        exports: {
          '.': { node: './n.js', browser: { types: './i.d.ts', default: './b.js' }, default: './d.js' },
        },
      },
      { '': 'b.js' },
    ],
    [
      'subpaths and patterns',
      {
        exports: {
          '.': './i.js',
          './sub': './src/sub.js',
          './wasm/*': './wasm/*',
          './types': { types: './t.d.ts' },
        },
      },
      { '': 'i.js', '/sub': 'src/sub.js', '/wasm/': 'wasm/', '/types': /** @type {any} */ (undefined) },
    ],
    ['module', { module: 'm.js', main: 'c.js' }, { '': 'm.js' }],
    ['main', { main: './lib/main.js' }, { '': 'lib/main.js' }],
    ['nothing', {}, { '': 'index.js' }],
    [
      'one that is no module, too',
      { exports: { '.': './i.js', './package.json': './package.json' } },
      { '': 'i.js', '/package.json': /** @type {any} */ (undefined) },
    ],
    ['subpaths that are closed', { exports: { '.': './i.js', './internal': null } }, { '': 'i.js' }],
  ];
  for (const [name, sdk, expected] of rows) {
    test(`reads a frontend package that names its files by ${name}`, () => {
      const map = imports({ sdk });
      for (const [subpath, file] of Object.entries(expected)) {
        const address = file && `/_realtime/sdk/${file}`;
        assert.equal(map[`wix-realtime-frontend${subpath}`], address);
        assert.equal(map[`wix-realtime${subpath}`], address);
      }
    });
  }
});

describe('the head of a page', () => {
  const added =
    /<meta name="realtime-relay" content="http:\/\/127\.0\.0\.1:8787">\n<script type="importmap">.*<\/script>\n<script type="module" src="\/_realtime\/setup\.js"><\/script>\n/;

  /** @type {[string, string, string][]} what stands before the addition, and after it */
  const rows = [
    ['a head', '<!doctype html><html><head>', '<title>x</title></head><header>h</header>'],
    ['a head with attributes', '<html><HEAD lang="en">', '<script type="module">1</script></head>'],
    ['no head, but html', '<!doctype html>\n<html lang="en">', '<title>x</title><header>h</header>'],
    ['a doctype only', '<!DOCTYPE html>', '<title>x</title>'],
    ['nothing', '', '<p>x</p>'],
  ];
  for (const [name, before, after] of rows) {
    test(`is completed before any script of the page, given ${name}`, () => {
      const { html } = render(before + after);
      assert.ok(html.startsWith(before) && html.endsWith(after));
      assert.match(html.slice(before.length, html.length - after.length), added);
    });
  }

  test('cannot be broken out of by names of files', () => {
    const hostile = { ...setup, importMap: { imports: { '</script><script>alert(1)': '/x' } } };
    const { body } = pageReply('<head></head>', hostile);
    assert.equal(String(body).match(/<\/script>/g)?.length, 2);
    const map = /<script type="importmap">(.*?)<\/script>/.exec(String(body))?.[1] ?? '';
    assert.deepEqual(JSON.parse(map), hostile.importMap);
  });
});

describe('the policy of a page', () => {
  test('allows wasm, the import map, the relay and the scripts in the page itself, and no others', () => {
    const { html, policy } = render(
      '<head></head><script>const a = 1;\r\n</script><script src="/x.js"></script><script type="module">b()</script>',
    );
    const map = /<script type="importmap">(.*?)<\/script>/.exec(html)?.[1] ?? '';
    const scripts = /script-src ([^;]*)/.exec(policy)?.[1]?.split(' ');
    assert.deepEqual(scripts, [
      "'self'",
      "'wasm-unsafe-eval'",
      hashOf(map),
      hashOf('const a = 1;\n'),
      hashOf('b()'),
    ]);
    assert.match(policy, /connect-src 'self' http:\/\/127\.0\.0\.1:8787 ws:\/\/127\.0\.0\.1:8787;/);
    assert.doesNotMatch(policy, /'unsafe-eval'/);
  });

  test('counts the scripts that the relay finds in the pages of its own site', () => {
    const fixture = new URL('../../protocol/fixtures/page-scripts.json', import.meta.url);
    /** @type {{ html: string, scripts: string[] }[]} */
    const pages = JSON.parse(readFileSync(fixture, 'utf8'));
    for (const { html, scripts } of pages) {
      const { policy } = render(`<head></head>${html}`);
      const hashes = policy.match(/'sha256-[^']*'/g)?.slice(1);
      assert.deepEqual(hashes, scripts.map(hashOf), html);
    }
  });

  test('names the origin of a relay with a path, and wss for https', () => {
    const { headers } = pageReply('', { ...setup, relayUrl: 'https://relay.example/rt' });
    assert.match(
      headers['content-security-policy'] ?? '',
      /connect-src 'self' https:\/\/relay\.example wss:\/\/relay\.example;/,
    );
  });
});

test('a served page has all of it, and what the map names is there', async (t) => {
  const dir = writeSite(
    {
      'index.html': '<!doctype html><html><head><title>Site</title></head></html>',
      'backend/chat.web.js': 'export const send = () => 1;',
      'backend/sub/old.jsw': 'export const send = () => 1;',
      'backend/helper.js': 'export const x = 1;',
      'public/channels.js': 'export const ROOM = 1;',
    },
    t,
  );
  const site = await serveSite(dir, t, { relayUrl: 'http://127.0.0.1:9', tokenSecret: 'secret' });
  const { text, headers } = await site.browser.ask('/');
  assert.equal(headers.get('cache-control'), 'no-cache');
  assert.match(text, /<meta name="realtime-relay" content="http:\/\/127\.0\.0\.1:9">/);
  /** @type {{ imports: Record<string, string> }} */
  const { imports } = JSON.parse(/<script type="importmap">(.*?)<\/script>/.exec(text)?.[1] ?? '');
  assert.equal(imports['wix-realtime-frontend'], '/_realtime/sdk/index.js');
  assert.equal(imports['backend/helper'], undefined);
  for (const name of [
    'wix-realtime-frontend',
    'wix-realtime',
    'wix-realtime-backend',
    'backend/chat.web',
    'backend/sub/old',
    'public/channels',
  ]) {
    const { status, headers: found } = await site.browser.ask(String(imports[name]));
    assert.deepEqual([status, found.get('content-type')], [200, 'text/javascript; charset=utf-8'], name);
  }
});
