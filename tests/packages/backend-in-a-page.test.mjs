/**
 * The backend package, imported by a page by mistake: the page goes on, and the call is told where it belongs.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launchChromium } from '../pages/harness/browser.mjs';
import { eventually } from '../pages/harness/eventually.mjs';
import { serveFolder } from '../pages/harness/static-server.mjs';
import { bundlers } from './harness/bundlers.mjs';
import { Project } from './harness/project.mjs';
import { tarballs } from './harness/tarballs.mjs';

const PAGE_CODE = `
import { permissionsRouter, publish } from 'wix-realtime-backend';
try { publish({ name: 'news' }, typeof permissionsRouter.add); } catch (error) { document.title = error.message; }
`;

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>News</title><link rel="icon" href="data:,">
  </head><body><script type="module" src="./page.js"></script></body></html>`;

describe('the backend package in a page', () => {
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {Project} */
  let project;

  before(async () => {
    const { backend } = await tarballs();
    [browser, project] = await Promise.all([launchChromium(), Project.create([backend])]);
    await project.write({ 'page.js': PAGE_CODE, 'index.html': PAGE });
  });
  after(async () => {
    await browser?.close();
    await project?.remove();
  });

  for (const [name, build] of Object.entries(bundlers)) {
    it(`is told where it belongs in what ${name} builds`, async (t) => {
      t.after(() => rm(join(project.folder, 'built'), { recursive: true, force: true }));
      await build(project.folder, 'built');
      if (name !== 'Vite') await project.write({ 'built/index.html': PAGE });
      const server = await serveFolder(join(project.folder, 'built'));
      t.after(server.stop);
      const page = await browser.newPage();
      /** @type {string[]} */
      const thrown = [];
      page.on('pageerror', (error) => thrown.push(error.message));
      await page.goto(server.url);
      await eventually(async () =>
        assert.match(await page.title(), /^publish of wix-realtime-backend belongs to backend code/),
      );
      assert.deepEqual(thrown, []);
    });
  }
});
