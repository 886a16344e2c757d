/**
 * docs/migrate-from-velo.md, done step by step by somebody who has a Velo site.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { bundlers } from '../packages/harness/bundlers.mjs';
import { eventually } from '../pages/harness/eventually.mjs';
import { Story } from './harness/blocks.mjs';
import { Workshop } from './harness/workshop.mjs';

const DOCUMENT = 'docs/migrate-from-velo.md';
const DOCUMENT_TEXT = readFileSync(join(root, DOCUMENT), 'utf8');

describe(DOCUMENT, () => {
  const story = new Story(DOCUMENT, 'tests/docs/migrate-from-velo.test.mjs');
  /** @type {Workshop} */
  let workshop;

  before(async () => {
    workshop = await Workshop.open();
  });
  after(() => workshop?.close());

  it('the files of a chat are brought, and the chat runs', async () => {
    await workshop.type(story.next('sh'));
    await workshop.write(story.next('js', 'public/channels.js'));
    await workshop.write(story.next('js', 'backend/chat.web.js'));
    await workshop.write(story.next('js', 'backend/realtime-permissions.js'));
    await workshop.write(story.next('html', 'index.html'));
    await workshop.write(story.next('js', 'page.js'));
    await workshop.type(story.next('sh'));
    const relay = story.next('sh');
    const host = story.next('sh');
    const session = story.next('console');
    // The functions of a site are loaded when the host starts, so those that come later in the document come now.
    await workshop.write(story.next('js', 'backend/login.web.js'));
    await workshop.serve(relay);
    await workshop.serve(host);

    const [anna, ben] = [await workshop.browse(workshop.pagesUrl), await workshop.browse(workshop.pagesUrl)];
    for (const { received, complaints } of [anna, ben]) {
      await eventually(() => assert.ok(received.some(isSubscribed), complaints.join('\n')));
    }
    await anna.page.getByLabel('Message').fill('Hello!');
    await anna.page.getByRole('button').click();
    for (const { page } of [anna, ben]) {
      await eventually(async () =>
        assert.match((await page.locator('li').allInnerTexts()).join(), /^\w{4}: Hello!$/),
      );
    }
    assert.deepEqual([...anna.complaints, ...ben.complaints], []);
    await workshop.assertSession(session);
  });

  it('somebody who signs in is a member for the relay, too', async () => {
    await workshop.write(story.next('js', 'login.js'));
    await workshop.writeFile(
      'members.html',
      `<!doctype html><title>Members</title><script type="module">
         import './login.js';
         import { subscribe } from 'wix-realtime-frontend';
         await subscribe({ name: 'chat', resourceId: 'staff' }, () => {});
       </script>`,
    );
    const { received, complaints } = await workshop.browse(`${workshop.pagesUrl}members.html`);
    await eventually(() => assert.ok(received.some(isSubscribed), complaints.join('\n')));
    const welcome = JSON.parse(received.findLast((frame) => frame.includes('"welcome"')) ?? '{}');
    assert.deepEqual(welcome.subscriber, { id: 'anna', type: 'Member' });
  });

  it('code of the newer SDK runs in the site and, by an alias, in a bundle', async () => {
    const newer = story.next('js', 'newer.js');
    await workshop.write(newer);
    await workshop.writeFile('newer.html', '<!doctype html><script type="module" src="newer.js"></script>');
    await receives(`${workshop.pagesUrl}newer.html`);

    await workshop.type(story.next('sh'));
    await workshop.write({ ...newer, file: 'bundled/page.js' });
    await bundlers.esbuild?.(join(workshop.folder, 'bundled'), 'built');
    const head = `<!doctype html><meta name="realtime-relay" content="${workshop.relayUrl}">`;
    await workshop.writeFile(
      'bundled/built/index.html',
      `${head}<script type="module" src="page.js"></script>`,
    );
    await receives(await workshop.serveFolder('bundled/built'));
    story.end();
  });

  /**
   * Opens a page that subscribes by the newer names, and checks that it gets what is said.
   *
   * @param {string} url
   */
  async function receives(url) {
    const { received, complaints, printed } = await workshop.browse(url);
    await eventually(() => assert.ok(received.some(isSubscribed), complaints.join('\n')));
    await workshop.publish({ name: 'chat', resourceId: '1' }, { text: 'from Velo' });
    await eventually(() => assert.deepEqual(printed, ['load the state anew', 'from Velo']));
    assert.deepEqual(complaints, []);
  }

  it('what it quotes is what the code says', async () => {
    await workshop.writeFile('quotes.html', '<!doctype html><title>Quotes</title>');
    const { page } = await workshop.browse(`${workshop.pagesUrl}quotes.html`);
    const messages = await page.evaluate(async () => {
      const realtime = await import(/** @type {any} */ ('wix-realtime-frontend'));
      const message = (/** @type {() => unknown} */ call) =>
        Promise.resolve()
          .then(call)
          .then(String, ({ message }) => message);
      return [
        await message(() => realtime.subscribe('chat', () => {})),
        await message(() => realtime.subscribe({ name: 'room:7' }, () => {})),
        await message(() => realtime.publish({ name: 'chat' }, {})),
      ];
    });
    for (const message of messages) {
      assert.ok(DOCUMENT_TEXT.includes(`| \`${message}\` |`), `not quoted: ${message}`);
    }
    for (const module of ['wix-data', 'backend/nowhere']) {
      const told = await page.evaluate((name) => import(name).catch(({ message }) => message), module);
      const quoted = 'Failed to resolve module specifier';
      assert.ok(told.startsWith(quoted) && DOCUMENT_TEXT.includes(`| \`${quoted} …\``), told);
    }
  });
});

/** @param {string} frame */
const isSubscribed = (frame) => frame.startsWith('{"type":"subscribed"');
