/**
 * One visitor of a page, as a test sees it: what the page was told, in order.
 *
 * @module
 */

import { setTimeout as pause } from 'node:timers/promises';

/**
 * @typedef {import('selenium-webdriver').WebDriver} WebDriver
 * @typedef {{ name: string, resourceId?: string }} Channel
 * @typedef {{ told: any[][], plain: any[], isReady: boolean, tokens: number }} Visit
 */

/** By then a page has done whatever it does by itself: longer than an attempt to connect and the wait before the next. */
const LIMIT_MS = 90_000;

const PAUSE_MS = 50;

let visitors = 0;

export class Visitor {
  /**
   * @param {WebDriver} browser with the visitor's page in front whenever the visitor is asked
   * @param {string} name
   * @param {Channel} channel
   */
  constructor(browser, name, channel) {
    this.browser = browser;
    this.name = name;
    this.channel = channel;
  }

  /**
   * Begins a visit in the page that the browser shows, and waits until it is live.
   *
   * @param {WebDriver} browser
   * @param {{ url: string, tokenUrl?: string | undefined }} options the relay's address as the page takes it, and where
   *   it gets tokens, if it does
   */
  static async open(browser, options) {
    visitors += 1;
    const name = `visitor_${process.pid}_${visitors}`;
    const visitor = new Visitor(browser, name, { name });
    const sdk = `/sdk/${name}/index.js`;
    await browser.executeScript('globalThis.world.enter(arguments[0]).catch(console.error)', {
      ...options,
      name,
      sdk,
      channel: visitor.channel,
    });
    await visitor.until(
      'both subscriptions are live',
      ({ isReady, told }) => isReady && told.some(([kind]) => kind === 'live'),
    );
    return visitor;
  }

  /** What it has been told so far. */
  async visit() {
    const script = 'return JSON.stringify(globalThis.world?.visit(arguments[0]) ?? null)';
    const visit = JSON.parse(/** @type {string} */ (await this.browser.executeScript(script, this.name)));
    if (!visit) throw new Error(`the page of ${this.name} knows of no visit: it was loaded anew`);
    return /** @type {Visit} */ (visit);
  }

  /**
   * Waits until something is so of what it has been told.
   *
   * @param {string} what
   * @param {(visit: Visit) => unknown} check
   * @returns {Promise<Visit>}
   */
  async until(what, check) {
    const deadline = performance.now() + LIMIT_MS;
    for (;;) {
      const visit = await this.visit();
      if (check(visit)) return visit;
      if (performance.now() > deadline) throw new Error(`waited in vain until ${what}: ${gist(visit)}`);
      await pause(PAUSE_MS);
    }
  }

  /**
   * Waits until it was told of so many losses, and no connection after the last of them.
   *
   * @param {number} count
   */
  untilLost(count) {
    return this.until(`it has lost ${count} connections`, (visit) => countOf(visit, 'disconnected') >= count);
  }

  /**
   * Waits until it is live again for the so-manieth time, the first one included.
   *
   * @param {number} count
   */
  untilLive(count) {
    return this.until(`it is live for time ${count}`, (visit) => countOf(visit, 'live') >= count);
  }
}

/**
 * @param {Visit} visit
 * @param {string} kind
 */
export const countOf = ({ told }, kind) => told.filter(([each]) => each === kind).length;

/**
 * Whether something happened to the page itself.
 *
 * @param {Visit} visit
 * @param {string} event
 */
export const hasSeen = ({ told }, event) => told.some(([kind, value]) => kind === 'page' && value === event);

/**
 * What was told, less what messages there were.
 *
 * @param {Visit} visit
 * @returns {string}
 */
export function gist({ told }) {
  const words = told.map(([kind, value]) =>
    kind === 'message' ? 'message' : `${kind}${value === undefined ? '' : ` ${JSON.stringify(value)}`}`,
  );
  const runs = words.filter((word, index) => word !== words[index - 1]);
  return runs.join(', ');
}
