/**
 * A page on an origin of its own, without any backend to say who its reader is.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launchChromium, newPerson } from './harness/browser.mjs';
import { frontendFolder, startRelay } from './harness/site.mjs';
import { serveFolder } from './harness/static-server.mjs';

/** @param {string} relay */
const html = (relay) => `<!doctype html><html lang="en"><meta name="realtime-relay" content="${relay}">
  <script type="module">
    import { subscribe } from './sdk.js';
    document.documentElement.dataset.id = await subscribe({ name: 'news' }, () => {});
  </script></html>`;

describe('a visitor', () => {
  /** @type {import('../../scripts/lib/services.mjs').Service} */
  let relay;
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {string} */
  let folder;
  /** @type {{ url: string, stop: () => Promise<void> }} */
  let server;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'realtime-relay-'));
    [relay, browser, server] = await Promise.all([startRelay(), launchChromium(), serveFolder(folder)]);
    await cp(join(await frontendFolder(), 'dist', 'index.js'), join(folder, 'sdk.js'));
    await writeFile(join(folder, 'index.html'), html(relay.url));
  });
  after(async () => {
    await browser?.close();
    await relay?.stop();
    await server?.stop();
    await rm(folder, { recursive: true });
  });

  it('remains the same visitor over a reload, and another browser is another one', async () => {
    const [anna, ben] = [await newPerson(browser), await newPerson(browser)];
    const first = await visitorOf(await anna.newPage(), server.url);
    assert.equal(first.type, 'Visitor');
    assert.deepEqual(await visitorOf(await anna.newPage(), server.url), first);
    assert.notEqual((await visitorOf(await ben.newPage(), server.url)).id, first.id);
  });
});

/**
 * Opens a page and tells who the relay took its reader for.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} url
 * @returns {Promise<{ id: string, type: string }>}
 */
async function visitorOf(page, url) {
  const welcome = new Promise((/** @type {(frame: string) => void} */ resolve) => {
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        if (String(payload).includes('"welcome"')) resolve(String(payload));
      });
    });
  });
  await page.goto(url);
  await page.locator('html[data-id]').waitFor({ state: 'attached' });
  return JSON.parse(await welcome).subscriber;
}
