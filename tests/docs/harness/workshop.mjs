/**
 * Where a document's blocks are tried as their reader would: a new folder, a terminal in it, a browser beside it, and
 * what `npm run build` has made at `$REPO`. Only addresses are exchanged, for ports that are free.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { freePort, LOOPBACK } from '../../../scripts/lib/ports.mjs';
import { relayBinary } from '../../../scripts/lib/project.mjs';
import { run } from '../../../scripts/lib/run.mjs';
import { startService } from '../../../scripts/lib/services.mjs';
import { tarballs } from '../../packages/harness/tarballs.mjs';
import { launchChromium, newPerson, watchComplaints } from '../../pages/harness/browser.mjs';
import { serveFolder } from '../../pages/harness/static-server.mjs';
import { isAsShown } from './shown.mjs';

/**
 * @typedef {import('./blocks.mjs').Block} Block
 * @typedef {import('playwright-core').Browser} Browser
 * @typedef {import('playwright-core').Page} Page
 */

/**
 * A page that is open.
 *
 * @typedef {object} Visit
 * @property {Page} page
 * @property {string[]} complaints errors and warnings
 * @property {string[]} printed what it logs to the console
 * @property {string[]} sent frames to the relay
 * @property {string[]} received frames from the relay
 */

/** The longest block of a document takes a few seconds; what has not ended by then hangs. */
const LIMIT_MS = 180_000;

/** The ports that the documents speak of, which are those that relay and host take by themselves. */
const RELAY_PORT = '8787';
const PAGE_PORT = '8080';

export class Workshop {
  /** @type {(() => Promise<unknown>)[]} */
  #endings = [];

  /** @type {Promise<Browser> | undefined} */
  #browser;

  /**
   * @param {string} folder
   * @param {Record<string, string>} ports the documents' to those of this workshop
   * @param {Record<string, string | undefined>} env
   */
  constructor(folder, ports, env) {
    this.folder = folder;
    this.env = env;
    this.ports = ports;
  }

  static async open() {
    const base = await mkdtemp(join(tmpdir(), 'realtime-relay-docs-'));
    const folder = join(base, 'work');
    const repository = join(base, 'repository');
    const release = join(repository, 'target', 'release');
    for (const made of [folder, release, join(repository, 'dist')]) await mkdir(made, { recursive: true });
    await symlink(process.env.RELAY_BIN ?? relayBinary, join(release, 'relay'));
    for (const tarball of Object.values(await tarballs())) {
      await symlink(tarball, join(repository, 'dist', basename(tarball)));
    }
    await writeFile(join(base, '.curlrc'), 'silent\nshow-error\nfail-with-body\n');
    const ports = { [RELAY_PORT]: String(await freePort()), [PAGE_PORT]: String(await freePort()) };
    const workshop = new Workshop(folder, ports, {
      ...withoutSettings(process.env),
      REPO: repository,
      PATH: `${release}${delimiter}${process.env.PATH ?? ''}`,
      RELAY_LISTEN: `${LOOPBACK}:${ports[RELAY_PORT]}`,
      RELAY_URL: `http://${LOOPBACK}:${ports[RELAY_PORT]}`,
      // An answer that is an error fails the command, as a reader's eye would find it.
      CURL_HOME: base,
      npm_config_offline: 'true',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_update_notifier: 'false',
    });
    workshop.onEnd(() => rm(base, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
    return workshop;
  }

  /** Where the relay of this workshop is, once it runs. */
  get relayUrl() {
    return `http://${LOOPBACK}:${this.ports[RELAY_PORT]}`;
  }

  /** Where its pages are, once they are served. */
  get pagesUrl() {
    return `http://${LOOPBACK}:${this.ports[PAGE_PORT]}/`;
  }

  /**
   * A text of a document with the addresses of this workshop.
   *
   * @param {string} text
   */
  adapted(text) {
    return text
      .replaceAll('0.0.0.0', LOOPBACK)
      .replace(/\b(?:8787|8080)\b/g, (port) => this.ports[port] ?? port);
  }

  /** @param {() => Promise<unknown>} end done when the workshop closes, the last first */
  onEnd(end) {
    this.#endings.unshift(end);
  }

  /**
   * Writes a block to the file that it names in its first line.
   *
   * @param {Block} block
   */
  async write({ document, line, file, text }) {
    if (!file) throw new Error(`${document}:${line}: the block does not begin with the name of a file`);
    await this.writeFile(file, this.adapted(text));
  }

  /**
   * @param {string} path
   * @param {string} content
   */
  async writeFile(path, content) {
    const file = join(this.folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  /** @param {string} path */
  readFile(path) {
    return readFile(join(this.folder, path), 'utf8');
  }

  /**
   * Types a block into the terminal and gives what it printed. Rejects when a command of it fails. What it changes of
   * the terminal lasts: its folder, and what it exports.
   *
   * @param {Block} block
   */
  async type(block) {
    const state = join(dirname(this.env.REPO ?? ''), 'terminal');
    const output = await this.sh(
      `set -e\n${this.adapted(block.text)}\n{ pwd | tr '\\n' '\\0'; env -0; } >'${state}'`,
    );
    const [folder = '', ...variables] = (await readFile(state, 'utf8')).split('\0');
    this.folder = folder;
    for (const variable of variables) {
      const [name = '', ...value] = variable.split('=');
      if (name && name !== '_') this.env[name] = value.join('=');
    }
    return output;
  }

  /**
   * Runs a script in the terminal and gives what it printed.
   *
   * @param {string} script
   */
  sh(script) {
    return run('sh', ['-c', script], { cwd: this.folder, env: this.env, limitMs: LIMIT_MS });
  }

  /**
   * Types the commands of a session and compares what they print with what the block shows.
   *
   * @param {Block} block
   */
  async assertSession({ text }) {
    for (const step of text.split(/^\$ /m).slice(1)) {
      const [command = '', ...shown] = step.trimEnd().split('\n');
      // Whatever its exit code is: what it prints is what is shown.
      const printed = await this.sh(`{ ${this.adapted(command)}\n} 2>&1 || true`);
      assert.ok(
        isAsShown(printed, shown.join('\n')),
        `$ ${command}\n${printed}\ninstead of\n${shown.join('\n')}`,
      );
    }
  }

  /**
   * Types a block that starts a server, into a terminal of its own, and waits until it listens.
   *
   * @param {Block} block
   * @param {Record<string, string>} [env] what else is set there
   * @returns {Promise<import('../../../scripts/lib/services.mjs').Service & { lines: string[] }>}
   */
  async serve(block, env = {}) {
    /** @type {string[]} */
    const lines = [];
    const service = await startService({
      command: 'sh',
      args: ['-c', this.adapted(block.text)],
      cwd: this.folder,
      env: { ...this.env, ...env },
      onLine: (line) => lines.push(line),
    });
    this.onEnd(service.stop);
    return { ...service, lines };
  }

  /**
   * Starts a relay where the documents expect one, for blocks that take it for granted.
   *
   * @param {readonly string[]} [args]
   * @param {(line: string) => void} [onLine] is told what it prints
   */
  async startRelay(args = [], onLine = () => {}) {
    const relay = await startService({
      command: 'relay',
      args: ['serve', ...args],
      cwd: this.folder,
      env: this.env,
      onLine,
    });
    this.onEnd(relay.stop);
    return relay;
  }

  /**
   * Starts the host of the installed backend package with the workshop's folder as its site.
   *
   * @returns {Promise<string>} the site's address
   */
  async startHost() {
    const args = ['--no-install', 'wix-realtime-backend', 'serve', '.', '--listen', `${LOOPBACK}:0`];
    const host = await startService({ command: 'npx', args, cwd: this.folder, env: this.env });
    this.onEnd(host.stop);
    return host.url;
  }

  /**
   * Serves a folder of the workshop by a server that knows nothing of a relay.
   *
   * @param {string} path
   * @returns {Promise<string>} its address
   */
  async serveFolder(path) {
    const { url, stop } = await serveFolder(join(this.folder, path));
    this.onEnd(stop);
    return url;
  }

  /**
   * Publishes as any program could, with the key of a relay that was given none.
   *
   * @param {{ name: string, resourceId?: string }} channel
   * @param {unknown} payload
   */
  async publish(channel, payload) {
    const response = await fetch(`${this.relayUrl}/v1/publish`, {
      method: 'POST',
      headers: { Authorization: 'Bearer dev', 'Content-Type': 'application/json' },
      body: JSON.stringify({ channel, payload }),
    });
    assert.equal(response.status, 200, await response.text());
  }

  /**
   * Opens an address in a browser profile of its own.
   *
   * @param {string} url
   * @returns {Promise<Visit>}
   */
  async browse(url) {
    const browser = await this.#chromium();
    const page = await (await newPerson(browser)).newPage();
    // Examples have no icon, and browsers complain of that.
    await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
    /** @type {Visit} */
    const visit = { page, complaints: watchComplaints(page), printed: [], sent: [], received: [] };
    page.on('console', (message) => {
      if (message.type() === 'log') visit.printed.push(message.text());
    });
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => visit.sent.push(String(payload)));
      socket.on('framereceived', ({ payload }) => visit.received.push(String(payload)));
    });
    const answer = await page.goto(url);
    assert.ok(answer?.ok(), `${url} answers ${answer?.status()}`);
    return visit;
  }

  /** The workshop's one browser, started when it is first wanted. */
  #chromium() {
    this.#browser ??= launchChromium().then((browser) => {
      this.onEnd(() => browser.close());
      return browser;
    });
    return this.#browser;
  }

  async close() {
    for (const end of this.#endings) await end();
  }
}

/**
 * An environment without what the developer has set for relays of their own.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Record<string, string | undefined>}
 */
function withoutSettings(env) {
  const settings = Object.keys(env).filter((name) => name.startsWith('RELAY_'));
  return Object.fromEntries(settings.map((name) => [name, undefined]));
}
