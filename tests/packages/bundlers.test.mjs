/**
 * The browser package in other people's projects: plain pages, bundlers and development servers. Each page is opened
 * and must receive what is published.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { createServer } from 'vite';
import { launchChromium } from '../pages/harness/browser.mjs';
import { startRelay } from '../pages/harness/site.mjs';
import { serveFolder } from '../pages/harness/static-server.mjs';
import { bundlers } from './harness/bundlers.mjs';
import { assertReceives, newsPage, PAGE_CODE } from './harness/news-page.mjs';
import { Project } from './harness/project.mjs';
import { tarballs } from './harness/tarballs.mjs';

/** The module of a package that a page loads, as its package.json tells. */
const IMPORT_MAP = {
  'wix-realtime-frontend': '/node_modules/wix-realtime-frontend/dist/index.js',
  'wix-realtime': '/node_modules/wix-realtime/index.js',
};

describe('the browser package', () => {
  /** @type {import('../../scripts/lib/services.mjs').Service} */
  let relay;
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {Project} */
  let project;
  /** @type {(() => Promise<void>)[]} */
  const endings = [];

  before(async () => {
    const { frontend, alias } = await tarballs();
    [relay, browser, project] = await Promise.all([
      startRelay(),
      launchChromium(),
      Project.create([frontend, alias]),
    ]);
    await project.write({ 'page.js': PAGE_CODE, 'index.html': newsPage({ relay: relay.url }) });
  });
  after(async () => {
    await browser?.close();
    await relay?.stop();
    await project?.remove();
  });
  afterEach(async () => {
    for (const end of endings.splice(0)) await end();
  });

  /** @param {string} folder */
  async function served(folder) {
    const server = await serveFolder(folder);
    endings.push(server.stop);
    return server.url;
  }

  it('works in a plain page by an import map, which needs no bundler', async () => {
    await project.write({ 'plain.html': newsPage({ relay: relay.url, imports: IMPORT_MAP }) });
    await assertReceives(browser, `${await served(project.folder)}plain.html`, relay);
  });

  it('works under Vite’s development server without any settings', async () => {
    const vite = await createServer({
      root: project.folder,
      logLevel: 'warn',
      server: { host: '127.0.0.1' },
    });
    endings.push(() => vite.close());
    await vite.listen(0);
    const [url] = vite.resolvedUrls?.local ?? [];
    assert.ok(url, 'Vite says where it listens');
    await assertReceives(browser, url, relay);
  });

  for (const [name, build] of Object.entries(bundlers)) {
    it(`works in what ${name} builds`, async () => {
      await build(project.folder, 'built');
      endings.push(() => rm(join(project.folder, 'built'), { recursive: true }));
      if (name !== 'Vite') await project.write({ 'built/index.html': newsPage({ relay: relay.url }) });
      await assertReceives(browser, await served(join(project.folder, 'built')), relay);
    });
  }
});
