/**
 * The browser SDK in somebody else's project: installed from its tarball, used by pages on an origin of their own.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { createServer } from 'vite';
import { launchChromium, newPerson, watchComplaints } from './harness/browser.mjs';
import { eventually } from './harness/eventually.mjs';
import { buildWithVite, Project } from './harness/project.mjs';
import { API_KEY, frontendTarball, startRelay } from './harness/site.mjs';
import { serveFolder } from './harness/static-server.mjs';

/** @typedef {import('../../scripts/lib/services.mjs').Service} Service */

const NEWS = { name: 'news', resourceId: 'Zürich 1' };

/** Page code with all three styles of import, under the package's name and under its older alias. */
const PAGE_CODE = `
import wixRealtimeFrontend, { subscribe } from 'wix-realtime-frontend';
import * as realtime from 'WIX_REALTIME';

const channel = ${JSON.stringify(NEWS)};
const show = (from) => (message, channel) => {
  const line = document.createElement('li');
  line.textContent = JSON.stringify([from, message.payload, channel]);
  document.querySelector('ol').append(line);
};
wixRealtimeFrontend.onConnected(() => { document.title = 'connected'; });
const ids = await Promise.all([
  wixRealtimeFrontend.subscribe(channel, show('default')),
  subscribe(channel, show('named')),
  realtime.subscribe(channel, show('namespace')),
]);
document.body.dataset.ids = ids.join(' ');
`;

describe('the browser SDK in another project', () => {
  /** @type {Service} */
  let relay;
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {Project} */
  let project;
  /** @type {(() => Promise<void>)[]} */
  const endings = [];

  before(async () => {
    [relay, browser] = await Promise.all([startRelay(), launchChromium()]);
    project = await Project.create(await frontendTarball(), { 'page.js': withAlias(PAGE_CODE) });
  });
  after(async () => {
    await browser?.close();
    await relay?.stop();
    await project?.remove();
  });
  afterEach(async () => {
    for (const end of endings.splice(0)) await end();
  });

  /**
   * The page with the relay's address in its head, as any server or generator would write it.
   *
   * @param {string} [head]
   */
  function html(head = '') {
    return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>News</title>
      <link rel="icon" href="data:,"><meta name="realtime-relay" content="${relay.url}">${head}</head>
      <body><ol></ol><script type="module" src="/page.js"></script></body></html>`;
  }

  /**
   * The import map that the package's own description of itself asks for.
   */
  async function importMap() {
    const folder = 'node_modules/wix-realtime-frontend';
    const { exports } = await project.readJson(`${folder}/package.json`);
    const address = `/${folder}/${browserEntry(exports['.'] ?? exports).replace('./', '')}`;
    return JSON.stringify({ imports: { 'wix-realtime-frontend': address, 'wix-realtime': address } });
  }

  /**
   * Opens the page, publishes to it and checks what each style of import has received.
   *
   * @param {string} url
   */
  async function assertPageReceives(url) {
    const person = await newPerson(browser);
    const page = await person.newPage();
    const complaints = watchComplaints(page);
    await page.goto(url);
    const ids = await eventually(async () => {
      const text = await page.evaluate(() => document.body.dataset.ids);
      assert.ok(text, `not subscribed: ${complaints.join('\n')}`);
      return text.split(' ');
    });
    assert.equal(new Set(ids).size, 3);
    await publish({ headline: 'Grüße' });
    await publish(null);
    const expected = [{ headline: 'Grüße' }, null].flatMap((payload) =>
      ['default', 'named', 'namespace'].map((from) => JSON.stringify([from, payload, NEWS])),
    );
    await eventually(async () => assert.deepEqual(await page.locator('li').allInnerTexts(), expected));
    assert.equal(await page.title(), 'connected');
    assert.deepEqual(complaints, []);
    await person.close();
  }

  /** @param {unknown} payload */
  async function publish(payload) {
    const response = await fetch(`${relay.url}/v1/publish`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${API_KEY}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ channel: NEWS, payload }),
    });
    assert.equal(response.status, 200, await response.text());
  }

  /** @param {string} folder */
  async function served(folder) {
    const server = await serveFolder(folder);
    endings.push(server.stop);
    return server.url;
  }

  it('works in a plain page by an import map', async () => {
    const head = `<script type="importmap">${await importMap()}</script>`;
    await project.write({
      'plain.html': html(head),
      'page.js': PAGE_CODE.replace('WIX_REALTIME', 'wix-realtime'),
    });
    await assertPageReceives(`${await served(project.folder)}plain.html`);
  });

  it('remains the same visitor over a reload, without any backend to say who it is', async () => {
    const head = `<script type="importmap">${await importMap()}</script>`;
    const code = PAGE_CODE.replace('WIX_REALTIME', 'wix-realtime');
    await project.write({ 'plain.html': html(head), 'page.js': code });
    const url = `${await served(project.folder)}plain.html`;
    const [anna, ben] = [await newPerson(browser), await newPerson(browser)];
    const first = await visitorOf(await anna.newPage(), url);
    assert.equal(first.type, 'Visitor');
    assert.deepEqual(await visitorOf(await anna.newPage(), url), first);
    assert.notEqual((await visitorOf(await ben.newPage(), url)).id, first.id);
    await anna.close();
    await ben.close();
  });

  it('works in what Vite builds without any settings', async () => {
    await project.write({ 'index.html': html(), 'page.js': withAlias(PAGE_CODE) });
    await buildWithVite(project);
    await assertPageReceives(await served(join(project.folder, 'dist')));
  });

  it('works under Vite’s development server without any settings', async () => {
    await project.write({ 'index.html': html(), 'page.js': withAlias(PAGE_CODE) });
    const vite = await createServer({
      root: project.folder,
      logLevel: 'warn',
      server: { host: '127.0.0.1' },
    });
    endings.push(() => vite.close());
    await vite.listen(0);
    const [url] = vite.resolvedUrls?.local ?? [];
    assert.ok(url, 'Vite says where it listens');
    await assertPageReceives(url);
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
  await page.locator('body[data-ids]').waitFor({ state: 'attached' });
  return JSON.parse(await welcome).subscriber;
}

/**
 * The older alias is a name for import maps and for settings of bundlers; without either it is the package's own.
 *
 * @param {string} code
 */
function withAlias(code) {
  return code.replace('WIX_REALTIME', 'wix-realtime-frontend');
}

/**
 * @param {unknown} target of `exports`: a file, or files by condition
 * @returns {string}
 */
function browserEntry(target) {
  if (typeof target === 'string') return target;
  const conditions = /** @type {Record<string, unknown>} */ (target);
  return browserEntry(conditions.browser ?? conditions.import ?? conditions.default);
}
