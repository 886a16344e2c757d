/**
 * A page that subscribes by all styles of import and by both names of the package, and what it must receive.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { newPerson, watchComplaints } from '../../pages/harness/browser.mjs';
import { eventually } from '../../pages/harness/eventually.mjs';
import { API_KEY } from '../../pages/harness/site.mjs';

const NEWS = { name: 'news', resourceId: 'Zürich 1' };

/** The import styles of the page, in the order in which its subscriptions are made. */
const STYLES = ['default', 'named', 'namespace', 'older default', 'older named'];

/** The page's `page.js`. */
export const PAGE_CODE = `
import wixRealtimeFrontend, { subscribe } from 'wix-realtime-frontend';
import * as realtime from 'wix-realtime-frontend';
import wixRealtime, { subscribe as olderSubscribe } from 'wix-realtime';

const channel = ${JSON.stringify(NEWS)};
const show = (from) => (message, channel) => {
  const line = document.createElement('li');
  line.textContent = JSON.stringify([from, message.payload, channel]);
  document.querySelector('ol').append(line);
};
wixRealtimeFrontend.onConnected(() => { document.title += ' connected'; });
Promise.all([
  wixRealtimeFrontend.subscribe(channel, show('default')),
  subscribe(channel, show('named')),
  realtime.subscribe(channel, show('namespace')),
  wixRealtime.subscribe(channel, show('older default')),
  olderSubscribe(channel, show('older named')),
]).then((ids) => { document.body.dataset.ids = ids.join(' '); });
`;

/**
 * The page with the relay's address in its head, as any server or generator would write it.
 *
 * @param {{ relay: string, imports?: Record<string, string> }} page
 */
export function newsPage({ relay, imports }) {
  const map = imports ? `<script type="importmap">${JSON.stringify({ imports })}</script>` : '';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>News</title>
    <link rel="icon" href="data:,"><meta name="realtime-relay" content="${relay}">${map}</head>
    <body><ol></ol><script type="module" src="./page.js"></script></body></html>`;
}

/**
 * Opens the page, publishes to it and checks what each style of import has received, over one connection.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {{ url: string }} relay
 */
export async function assertReceives(browser, url, relay) {
  const person = await newPerson(browser);
  try {
    const page = await person.newPage();
    const complaints = watchComplaints(page);
    await page.goto(url);
    const ids = await eventually(async () => {
      const text = await page.evaluate(() => document.body.dataset.ids);
      assert.ok(text, `not subscribed: ${complaints.join('\n')}`);
      return text.split(' ');
    });
    assert.equal(new Set(ids).size, STYLES.length);
    await publish(relay, { headline: 'Grüße' });
    await publish(relay, null);
    const expected = [{ headline: 'Grüße' }, null].flatMap((payload) =>
      STYLES.map((from) => JSON.stringify([from, payload, NEWS])),
    );
    await eventually(async () => assert.deepEqual(await page.locator('li').allInnerTexts(), expected));
    assert.equal(await page.title(), 'News connected');
    assert.deepEqual(complaints, []);
  } finally {
    await person.close();
  }
}

/**
 * @param {{ url: string }} relay
 * @param {unknown} payload
 */
async function publish(relay, payload) {
  const response = await fetch(`${relay.url}/v1/publish`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${API_KEY}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ channel: NEWS, payload }),
  });
  assert.equal(response.status, 200, await response.text());
}
