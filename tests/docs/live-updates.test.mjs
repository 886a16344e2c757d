/**
 * docs/live-updates.md, done step by step by somebody who knows nothing else.
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

const DOCUMENT = 'docs/live-updates.md';
const DOCUMENT_TEXT = readFileSync(join(root, DOCUMENT), 'utf8');

/** How many pages have tried what fails, for a name of their own. */
let attempts = 0;

describe(DOCUMENT, () => {
  const story = new Story(DOCUMENT, 'tests/docs/live-updates.test.mjs');
  /** @type {Workshop} */
  let workshop;
  /** @type {import('../../scripts/lib/services.mjs').Service} */
  let relay;
  /** @type {import('./harness/workshop.mjs').Visit} */
  let visit;

  before(async () => {
    workshop = await Workshop.open();
  });
  after(() => workshop?.close());

  /**
   * Waits until the page says how its order is.
   *
   * @param {string} status
   */
  async function orderIs(status) {
    await eventually(async () => {
      assert.equal(await visit.page.locator('#status').innerText(), status, visit.complaints.join('\n'));
    });
  }

  /** Waits until the relay has said that what the page subscribed to is live. */
  async function subscribed() {
    await eventually(() => {
      const live = visit.received.some((frame) => frame.startsWith('{"type":"subscribed"'));
      assert.ok(live, visit.complaints.join('\n'));
    });
  }

  it('three steps make a page live', async () => {
    await workshop.type(story.next('sh'));
    await workshop.write(story.next('html', 'index.html'));
    relay = await workshop.serve(story.next('sh'));
    visit = await workshop.browse(`${workshop.relayUrl}/`);
    await subscribed();
    await orderIs('being packed');
    await workshop.type(story.next('sh'));
    await orderIs('on its way');
    await workshop.type(story.next('sh'));
    await orderIs('at your door');
    assert.deepEqual(visit.complaints, []);
  });

  it('the page comes back by itself after the relay was away', async () => {
    await relay.stop();
    relay = await workshop.startRelay(['--site', '.']);
    await subscribedAgain();
    await workshop.publish({ name: 'orders', resourceId: '17' }, { status: 'on its way again' });
    await orderIs('on its way again');
  });

  /** Waits until the page has subscribed for the second time. */
  async function subscribedAgain() {
    await eventually(() => {
      const times = visit.received.filter((frame) => frame.startsWith('{"type":"subscribed"')).length;
      assert.equal(times, 2);
    });
  }

  it('a backend in Node publishes', async () => {
    await workshop.type(story.next('sh'));
    await workshop.write(story.next('js', 'ship.mjs'));
    await workshop.type(story.next('sh'));
    await orderIs('delivered');
  });

  it('with npm the page can be bundled, and says where the relay is', async () => {
    await workshop.type(story.next('sh'));
    const { text } = story.next('html');
    const [, script = ''] =
      /<script type="module">([^<]*)</.exec(await workshop.readFile('index.html')) ?? [];
    await workshop.writeFile('page.js', script);
    await bundlers.esbuild?.(workshop.folder, 'built');
    await workshop.writeFile(
      'built/index.html',
      `${workshop.adapted(text)}<strong id="status">?</strong><script type="module" src="page.js"></script>`,
    );
    visit = await workshop.browse(`${await workshop.serveFolder('built')}`);
    await subscribed();
    await workshop.publish({ name: 'orders', resourceId: '17' }, { status: 'bundled' });
    await orderIs('bundled');
    await relay.stop();
  });

  it('only those who may see an order hear of it', async () => {
    await workshop.write(story.next('js', 'backend/realtime-permissions.js'));
    await workshop.assertSession(story.next('console'));
    await workshop.write(story.next('js', 'server.mjs'));
    await workshop.write(story.next('html', 'customer.html'));
    await workshop.type(story.next('sh'));
    relay = await workshop.serve(story.next('sh'));
    await workshop.serve(story.next('sh'));
    visit = await workshop.browse(workshop.pagesUrl);
    await subscribed();
    await workshop.publish({ name: 'orders', resourceId: 'anna-17' }, { status: 'for Anna' });
    await orderIs('for Anna');
    // The folder of the permissions is never served, and a visitor's page is refused.
    assert.equal((await fetch(`${workshop.relayUrl}/backend/realtime-permissions.js`)).status, 404);
    const [refusal] = await failures(["subscribe({ name: 'orders', resourceId: 'anna-17' }, show)"]);
    assert.match(refusal ?? '', /^not allowed to read channel orders/);
  });

  it('the policy is enough, and its mistakes say what is said here', async () => {
    const policy = story.next('text').text.trim();
    const here = policy.replace('wss://relay.example.com', workshop.relayUrl.replace('http', 'ws'));
    const call = ["subscribe({ name: 'news' }, show)"];
    const [enough, withoutWasm, withoutRelay] = await Promise.all([
      failures(call, here),
      failures(call, here.replace(" 'wasm-unsafe-eval'", '')),
      failures(call, policy),
    ]);
    assert.deepEqual(enough, ['no failure']);
    assert.match(String(withoutWasm), /^cannot start the realtime client: .*script-src 'wasm-unsafe-eval'/);
    assert.match(String(withoutRelay), /^cannot connect to the relay: /);
    story.end();
  });

  it('what it quotes is what the code says', async () => {
    const messages = await failures([
      "subscribe('orders', show)",
      "subscribe({ name: 'orders:17' }, show)",
      "subscribe({ name: 'orders', resourceId: 17 }, show)",
      "publish({ name: 'orders' }, {})",
      "configure({ url: 'relay.example.com' })",
    ]);
    const answer = await fetch(`${workshop.relayUrl}/v1/publish`, {
      method: 'POST',
      headers: { Authorization: 'Bearer another', 'Content-Type': 'application/json' },
      body: '{"channel":{"name":"orders"},"payload":null}',
    });
    const { detail } = await answer.json();
    for (const message of [...messages, detail]) {
      assert.ok(DOCUMENT_TEXT.includes(`| \`${message}\` |`), `not quoted: ${message}`);
    }
  });

  /**
   * How calls of the browser package fail in a page.
   *
   * @param {readonly string[]} calls in JavaScript
   * @param {string} [policy] of the page
   * @returns {Promise<string[]>} their messages
   */
  async function failures(calls, policy) {
    const name = `attempt-${++attempts}`;
    const attempt = `import { configure, publish, subscribe } from './realtime.js';
      const show = () => {};
      const message = (call) => call().then(() => 'no failure', (error) => error.message);
      const messages = await Promise.all([${calls.map((call) => `message(async () => ${call})`)}]);
      document.title = JSON.stringify(messages);`;
    await workshop.writeFile(`${name}.js`, attempt);
    const head = `<meta name="realtime-relay" content="${workshop.relayUrl}">`;
    const rule = policy ? `<meta http-equiv="Content-Security-Policy" content="${policy}">` : '';
    const script = `<script type="module" src="${name}.js"></script>`;
    await workshop.writeFile(`${name}.html`, `<!doctype html>${rule}${head}${script}`);
    const { page } = await workshop.browse(`${await workshop.serveFolder('.')}${name}.html`);
    return eventually(async () => JSON.parse(await page.title()));
  }
});
