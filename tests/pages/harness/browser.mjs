/**
 * Chromium for a test file, and everything that its pages complained about.
 *
 * @module
 */

import { chromium } from 'playwright-core';
import { which } from '../../../scripts/lib/which.mjs';

/**
 * @typedef {import('playwright-core').Browser} Browser
 * @typedef {import('playwright-core').BrowserContextOptions} BrowserContextOptions
 * @typedef {import('playwright-core').Page} Page
 */

/** What a page's elements may take to appear, and a browser to start, on the slowest machine. */
const TIMEOUT_MS = 60_000;

/** Nothing is fetched by the browser itself, and it runs as root in a container too. */
const FLAGS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
];

/** Chromium warns of this when a page drops a connection that it has only begun: quick changes of identity do. */
const DROPPED_EARLY = 'WebSocket is closed before the connection is established';

/** @returns {Promise<Browser>} */
export function launchChromium() {
  const executablePath =
    process.env.CHROMIUM_PATH || which(['chromium', 'chromium-browser', 'google-chrome']);
  if (!executablePath) throw new Error('no Chromium found: install it, or set CHROMIUM_PATH');
  return chromium.launch({ executablePath, args: FLAGS, timeout: TIMEOUT_MS });
}

/**
 * A browser profile of its own: cookies and storage are shared by its pages and by nobody else.
 *
 * @param {Browser} browser
 * @param {BrowserContextOptions} [options]
 */
export async function newPerson(browser, options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(TIMEOUT_MS);
  return context;
}

/**
 * Collects what goes wrong in a page: errors and warnings on the console, uncaught exceptions.
 *
 * @param {Page} page
 * @returns {string[]} filled as it happens
 */
export function watchComplaints(page) {
  /** @type {string[]} */
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !message.text().includes(DROPPED_EARLY)) {
      complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  return complaints;
}
