/**
 * A site folder made for one test, with a stand-in for the frontend SDK, and the host that serves it.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startHost } from '../src/host/host.js';

/** @typedef {{ status: number, headers: Headers, text: string, json: any }} Answer */

const SDK = {
  'node_modules/wix-realtime-frontend/package.json': JSON.stringify({
    name: 'wix-realtime-frontend',
    exports: {
      '.': { types: './index.d.ts', browser: './index.js', default: './server.js' },
      './subscriber': './src/subscriber.js',
      './package.json': './package.json',
    },
  }),
  'node_modules/wix-realtime-frontend/index.js': 'export function configure() {}',
  'node_modules/wix-realtime-frontend/wasm/sdk.wasm': '\0asm',
};

/**
 * Writes the files and returns their folder.
 *
 * @param {Record<string, string>} files by path
 * @param {{ after(fn: () => void): void }} test removes them at its end
 */
export function writeSite(files, test) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'site-')));
  test.after(() => rmSync(dir, { recursive: true }));
  for (const [path, text] of Object.entries({ ...SDK, ...files })) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

/** A browser that keeps one cookie. */
export class Browser {
  cookie = '';
  #url;

  /** @param {string} url */
  constructor(url) {
    this.#url = url;
  }

  /**
   * @param {string} path
   * @param {RequestInit & { headers?: Record<string, string> }} [init]
   * @returns {Promise<Answer>}
   */
  async ask(path, init = {}) {
    const headers = { ...(this.cookie ? { cookie: this.cookie } : {}), ...init.headers };
    const response = await fetch(`${this.#url}${path}`, { redirect: 'manual', ...init, headers });
    const [cookie] = response.headers.getSetCookie();
    if (cookie) this.cookie = cookie.slice(0, cookie.indexOf(';'));
    const text = await response.text();
    const isJson = text !== '' && /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
  }

  /**
   * @param {string} path
   * @param {unknown} value
   * @param {Record<string, string>} [headers]
   */
  post(path, value, headers) {
    const json = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', ...headers };
    return this.ask(path, { method: 'POST', body: JSON.stringify(value), headers: json });
  }

  /**
   * Calls a web method as its generated module does.
   *
   * @param {string} path such as `chat.web/send`
   * @param {...unknown} args
   */
  call(path, ...args) {
    return this.post(`/_realtime/backend/${path}`, { args });
  }
}

/**
 * Serves a site until the test ends.
 *
 * @param {string} dir
 * @param {{ after(fn: () => Promise<void>): void }} test
 * @param {Partial<import('../src/host/host.js').HostOptions>} [options]
 */
export async function serveSite(dir, test, options = {}) {
  /** @type {string[]} */
  const log = [];
  const host = await startHost({
    dir,
    listen: { host: '127.0.0.1', port: 0 },
    relayUrl: 'http://127.0.0.1:8787',
    sdk: undefined,
    tokenSecret: undefined,
    isProxyTrusted: false,
    log: (line) => log.push(line),
    ...options,
  });
  test.after(() => host.stop());
  return { url: host.url, log, newBrowser: () => new Browser(host.url), browser: new Browser(host.url) };
}
