/**
 * Code of the newer SDK, which imports from `@wix/realtime`: that name is an alias in the project's package.json, for the
 * browser package in a frontend and for the backend package in a backend. Nothing else of the project knows.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launchChromium, newPerson, watchComplaints } from '../pages/harness/browser.mjs';
import { eventually } from '../pages/harness/eventually.mjs';
import { API_KEY, startRelay } from '../pages/harness/site.mjs';
import { serveFolder } from '../pages/harness/static-server.mjs';
import { bundlers } from './harness/bundlers.mjs';
import { Project } from './harness/project.mjs';
import { tarballs } from './harness/tarballs.mjs';

/** A page as it was written for Wix. */
const PAGE_CODE = `
import { subscriber } from '@wix/realtime';

const say = (...what) => {
  const line = document.createElement('li');
  line.textContent = JSON.stringify(what);
  document.querySelector('ol').append(line);
};

const id = subscriber.subscribe({ name: 'news' }, (message, channel) => say(message.payload, channel), {
  onSubscribed: (subscriptionId, isSynced) => say('live', subscriptionId === id, isSynced),
  onSubscriptionError: (error) => say('failed', error.errorCode, error.message),
});
try {
  subscriber.subscribe('news', () => {});
} catch (error) {
  say(error.name, error.errorCode);
}
`;

/**
 * A backend as it was written for Wix; only where its relay is stands before it.
 *
 * @param {string} relay
 */
const BACKEND_CODE = (relay) => `
process.env.RELAY_URL = '${relay}';
process.env.RELAY_API_KEY = '${API_KEY}';
const { publisher, site } = await import('@wix/realtime');
const { realtimePermissionsProvider } = await import('@wix/realtime/service-plugins');
realtimePermissionsProvider.provideHandlers({ checkSubscriberPermissions: async () => ({ read: true }) });
await publisher.publish({ name: 'news' }, { headline: 'Grüße' });
const { read } = await site.permissionsRouter.check({ name: 'news' }, { id: 'anna', type: 'Member' });
console.log('published, permitted:', read);
`;

const HTML = (
  /** @type {string} */ relay,
) => `<!doctype html><title>News</title><link rel="icon" href="data:,">
  <meta name="realtime-relay" content="${relay}"><ol></ol><script type="module" src="./page.js"></script>`;

describe('@wix/realtime by an alias', () => {
  /** @type {import('../../scripts/lib/services.mjs').Service} */
  let relay;
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {Project} */
  let project;

  before(async () => {
    const { frontend } = await tarballs();
    [relay, browser, project] = await Promise.all([
      startRelay(),
      launchChromium(),
      Project.create([`@wix/realtime@file:${frontend}`]),
    ]);
    await project.write({ 'page.js': PAGE_CODE, 'index.html': HTML(relay.url) });
  });
  after(async () => {
    await browser?.close();
    await relay?.stop();
    await project?.remove();
  });

  for (const name of ['Vite', 'webpack 5']) {
    it(`receives messages in what ${name} builds`, async (context) => {
      await bundlers[name]?.(project.folder, 'built');
      if (name !== 'Vite') await project.write({ 'built/index.html': HTML(relay.url) });
      const server = await serveFolder(join(project.folder, 'built'));
      context.after(async () => {
        await server.stop();
        await rm(join(project.folder, 'built'), { recursive: true });
      });
      const page = await (await newPerson(browser)).newPage();
      const complaints = watchComplaints(page);
      await page.goto(server.url);
      const said = () => page.locator('li').allInnerTexts();
      await eventually(async () =>
        assert.deepEqual(
          await said(),
          ['["RealtimeError","BAD_INPUT"]', '["live",true,false]'],
          complaints.join('\n'),
        ),
      );
      const response = await fetch(`${relay.url}/v1/publish`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${API_KEY}`, 'Content-Type': 'application/json' },
        body: '{"channel":{"name":"news"},"payload":{"headline":"Grüße"}}',
      });
      assert.equal(response.status, 200, await response.text());
      await eventually(async () =>
        assert.equal((await said()).at(-1), '[{"headline":"Grüße"},{"name":"news"}]'),
      );
      assert.deepEqual(complaints, []);
    });
  }

  it('has the name of its package.json, and the files of the browser package', async () => {
    const manifest = JSON.parse(await project.readFile('package.json'));
    assert.deepEqual(Object.keys(manifest.dependencies), ['@wix/realtime']);
    const installed = join('node_modules', '@wix', 'realtime', 'package.json');
    assert.equal(JSON.parse(await project.readFile(installed)).name, 'wix-realtime-frontend');
  });

  it('publishes in a backend, where it is the other package', async () => {
    const { backend } = await tarballs();
    const program = await Project.create([`@wix/realtime@file:${backend}`]);
    try {
      await program.write({ 'backend.mjs': BACKEND_CODE(relay.url) });
      assert.equal(await program.run(process.execPath, ['backend.mjs']), 'published, permitted: true\n');
    } finally {
      await program.remove();
    }
  });
});
