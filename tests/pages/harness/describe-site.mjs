/**
 * The frame of a test file about the demo: a relay, a host and a browser around its tests, and clear pages after each.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe } from 'node:test';
import { launchChromium, newPerson } from './browser.mjs';
import { DemoPage } from './demo-page.mjs';
import { MortalSite, Site } from './site.mjs';

/**
 * @typedef {import('playwright-core').Browser} Browser
 * @typedef {import('playwright-core').BrowserContextOptions} BrowserContextOptions
 */

/**
 * Declares tests that share a relay and a host. What their stage has is there from the first of them on. A page that
 * reports an error on its console fails its test.
 *
 * @param {string} title
 * @param {(stage: Stage<Site>) => void} declare
 */
export function describeSite(title, declare) {
  describe(title, () => {
    const stage = new Stage(() => Site.start());
    before(() => stage.open());
    afterEach(async () => assert.deepEqual(await stage.sendEveryoneHome(), []));
    after(() => stage.close());
    declare(stage);
  });
}

/**
 * Declares tests that end their relay or their host: each has its own. Browsers report connections that are lost.
 *
 * @param {string} title
 * @param {(stage: Stage<MortalSite>) => void} declare
 */
export function describeMortalSite(title, declare) {
  describe(title, () => {
    const stage = new Stage(() => MortalSite.start());
    before(() => stage.openBrowser());
    beforeEach(() => stage.openSite());
    afterEach(async () => {
      await stage.sendEveryoneHome();
      await stage.closeSite();
    });
    after(() => stage.close());
    declare(stage);
  });
}

/**
 * What the tests of a file share.
 *
 * @template {Site} AnySite
 */
class Stage {
  /** @type {Browser | undefined} */
  #browser;
  /** @type {AnySite | undefined} */
  #site;
  /** @type {DemoPage[]} */
  #pages = [];
  #startSite;

  /** @param {() => Promise<AnySite>} startSite */
  constructor(startSite) {
    this.#startSite = startSite;
  }

  get site() {
    assert.ok(this.#site, 'the site is there while a test runs');
    return this.#site;
  }

  /**
   * Opens the page in a browser profile of its own and waits until it listens to all that it may listen to.
   *
   * @param {BrowserContextOptions} [options]
   * @returns {Promise<DemoPage>}
   */
  async openPage(options) {
    return this.keep(await DemoPage.open(await this.newPerson(options), this.site.url));
  }

  /**
   * A browser profile of its own.
   *
   * @param {BrowserContextOptions} [options]
   */
  newPerson(options) {
    assert.ok(this.#browser, 'the browser is there while a test runs');
    return newPerson(this.#browser, options);
  }

  /**
   * Takes care of a page that a test has opened itself.
   *
   * @param {DemoPage} page
   */
  keep(page) {
    this.#pages.push(page);
    return page;
  }

  /** Both at once; a failure is told when neither is on its way any more, so that `close` finds what there is. */
  async open() {
    const opened = await Promise.allSettled([this.openBrowser(), this.openSite()]);
    for (const outcome of opened) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async openBrowser() {
    this.#browser = await launchChromium();
  }

  async openSite() {
    this.#site = await this.#startSite();
  }

  /** @returns {Promise<string[]>} what the pages have complained about */
  async sendEveryoneHome() {
    const pages = this.#pages.splice(0);
    const complaints = pages.flatMap((page) => page.complaints);
    await Promise.all(pages.map((page) => page.leave()));
    return complaints;
  }

  async closeSite() {
    await this.#site?.stop();
    this.#site = undefined;
  }

  async close() {
    await this.#browser?.close();
    await this.closeSite();
  }
}
