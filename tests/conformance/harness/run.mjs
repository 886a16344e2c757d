/**
 * Runs every suite in a browser: one browser and one relay for all, one page for each suite.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { packPackages, unpackedFrontend } from '../../../scripts/lib/packages.mjs';
import { testNamesIn } from '../names.mjs';
import { Hands } from './hands.mjs';
import { Relay } from './relay.mjs';
import { PageServer } from './server.mjs';
import { startBrowser } from './webdriver.mjs';

/** @typedef {import('./webdriver.mjs').BrowserName} BrowserName */

const suitesFolder = fileURLToPath(new URL('../suites', import.meta.url));

/** Longer than a page allows a test, which says better what was waited for. */
const LIMIT_MS = 180_000;

/**
 * Declares the tests of all suites for Node's test runner.
 *
 * @param {BrowserName} browser
 */
export function conformanceIn(browser) {
  describe(`the API in ${browser}`, () => {
    const stage = new Stage();
    before(() => stage.set(browser));
    after(() => stage.clear());

    for (const suite of readdirSync(suitesFolder).sort()) {
      describe(suite, () => {
        const names = testNamesIn(join(suitesFolder, suite));
        before(async () => assert.deepEqual(await stage.open(suite), names));
        for (const name of names) it(name, { timeout: LIMIT_MS }, () => stage.run(name));
      });
    }
  });
}

/** Everything that a suite needs around it. */
class Stage {
  /** @type {import('./webdriver.mjs').WebDriver} set before any page is opened */
  #browser = /** @type {any} */ (undefined);
  #url = '';

  /** @type {(() => Promise<unknown>)[]} what ends each thing that was started, the latest first */
  #endings = [];

  /** @param {BrowserName} name */
  async set(name) {
    const relay = await Relay.start();
    this.#endings.unshift(() => relay.stop());
    const hands = new Hands(relay);
    this.#endings.unshift(() => hands.letGo());
    const server = await PageServer.start(await sdkFolder(), hands);
    this.#endings.unshift(() => server.stop());
    this.#url = server.url;
    const browser = await startBrowser(name);
    this.#endings.unshift(() => browser.quit());
    this.#browser = browser;
  }

  async clear() {
    for (const end of this.#endings) await end();
  }

  /**
   * Opens the page of a suite.
   *
   * @param {string} suite
   * @returns {Promise<string[]>} the names of its tests
   */
  async open(suite) {
    await this.#browser.get(`${this.#url}/?suite=${suite}`);
    return this.#call('conformance.names()');
  }

  /**
   * Runs a test of the page that is open.
   *
   * @param {string} name
   */
  async run(name) {
    const failure = await this.#call(`conformance.run(${JSON.stringify(name)})`);
    if (failure) assert.fail(`${failure.name}: ${failure.message}\n${failure.stack}`);
  }

  /**
   * @param {string} expression of a promise
   * @returns {Promise<any>} what it resolves to
   */
  async #call(expression) {
    const script = `const done = arguments[0];
      (async () => ${expression})().then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const { value, error } = /** @type {any} */ (await this.#browser.executeAsyncScript(script));
    if (error) throw new Error(`${expression}: ${error}`);
    return value;
  }
}

/** The browser SDK as its tarball unpacks. */
async function sdkFolder() {
  if (process.env.FRONTEND_FOLDER) return process.env.FRONTEND_FOLDER;
  return unpackedFrontend(process.env.FRONTEND_TARBALL ?? (await packPackages()).frontend);
}
