/**
 * What open pages do when the relay goes away and comes back.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { configure, publish } from '../../sdk-backend/src/index.js';
import { launchChromium, newPerson } from './harness/browser.mjs';
import { DemoPage, Indicator } from './harness/demo-page.mjs';
import { eventually } from './harness/eventually.mjs';
import { API_KEY, Site } from './harness/site.mjs';

/** By then a page that wanted to come back would have tried. */
const COME_BACK_MS = 1500;

const HELLO = { name: 'hello' };

describe('a page whose relay goes away', () => {
  /** @type {Site} */
  let site;
  /** @type {import('playwright-core').Browser} */
  let browser;

  before(async () => {
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
  });
  beforeEach(async () => {
    site = await Site.start();
    configure({ url: site.relay.url, apiKey: API_KEY });
  });
  afterEach(async () => {
    await site?.stop();
  });

  /** @param {number} count */
  async function openPages(count) {
    return Promise.all(Array.from({ length: count }, () => DemoPage.openAsSomeoneNew(browser, site.url)));
  }

  /**
   * Starts publishing these numbers without waiting, as a backend that is busy with other things does.
   *
   * @param {number} from
   * @param {number} to
   * @returns {{ shown: string[], accepted: Promise<unknown> }}
   */
  function publishNumbers(from, to) {
    const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    return {
      shown: numbers.map(String),
      accepted: Promise.all(numbers.map((number) => publish(HELLO, number))),
    };
  }

  it('says so, comes back, and has everything that a retrying backend published meanwhile, once and in order', async () => {
    const pages = await openPages(3);
    const earlier = publishNumbers(1, 20);
    await earlier.accepted;
    for (const page of pages) await page.shows('hello', earlier.shown);

    await site.killRelay();
    for (const page of pages) await page.indicates(Indicator.reconnecting);
    const meanwhile = publishNumbers(21, 60);
    await site.restartRelay();
    await meanwhile.accepted;

    for (const page of pages) {
      await page.indicates(Indicator.connected);
      await page.shows('hello', [...earlier.shown, ...meanwhile.shown]);
    }
    const later = publishNumbers(61, 62);
    await later.accepted;
    for (const page of pages) {
      await page.shows('hello', [...earlier.shown, ...meanwhile.shown, ...later.shown]);
      await page.leave();
    }
  });

  it('comes back from a relay that stopped in good order, and from a second loss', async () => {
    const [page] = /** @type {[DemoPage]} */ (await openPages(1));
    for (const number of [1, 2]) {
      await site.relay.stop();
      await page.indicates(Indicator.reconnecting);
      await site.restartRelay();
      await page.settle();
      await publish(HELLO, number);
    }
    await page.shows('hello', ['1', '2']);
    await page.leave();
  });

  it('keeps its identity, and is refused again what it was refused before', async () => {
    const [page] = /** @type {[DemoPage]} */ (await openPages(1));
    await page.become('Member');
    const before = { identity: await page.identity(), rooms: await page.rooms() };
    await site.killRelay();
    await page.indicates(Indicator.reconnecting);
    await site.restartRelay();
    await page.settle();
    assert.deepEqual({ identity: await page.identity(), rooms: await page.rooms() }, before);
    await publish({ name: 'club', resourceId: 'members' }, 'still a member');
    await page.shows('club / members', ['"still a member"']);
    await page.leave();
  });

  it('connects as soon as there is a relay when it was opened before there was one', async () => {
    await site.killRelay();
    const page = await DemoPage.load(await newPerson(browser), site.url);
    await page.page.locator('#who').filter({ hasText: /./ }).waitFor();
    assert.notEqual(await page.indicator(), Indicator.connected);
    await site.restartRelay();
    await page.settle();
    await publish(HELLO, 'hello again');
    await page.shows('hello', ['"hello again"']);
    await page.leave();
  });

  it('says that it is over when the relay sent it away for good, and does not come back', async () => {
    const person = await newPerson(browser);
    let connections = 0;
    /** @type {import('playwright-core').WebSocketRoute | undefined} */
    let latest;
    await person.routeWebSocket(/\/v1\/realtime$/, (route) => {
      connections += 1;
      latest = route;
      route.connectToServer();
    });
    const page = await DemoPage.open(person, site.url);
    await latest?.close({ code: 4503, reason: 'disconnected by the backend' });
    await page.indicates(Indicator.ended);
    await pause(COME_BACK_MS);
    assert.equal(await page.indicator(), Indicator.ended);
    assert.equal(connections, 1);
    // Somebody else may be welcome.
    await page.become('Member');
    assert.equal(connections, 2);
    await page.leave();
  });

  it('delivers once what its reader sent meanwhile, and says until then that it is still sending', async () => {
    const [page, other] = /** @type {[DemoPage, DemoPage]} */ (await openPages(2));
    await page.callOneself('Anna');
    await site.killRelay();
    await page.send('hello', 'through the gap');
    const outcome = page.page.locator('#hello-form').getByRole('status');
    await outcome.filter({ hasText: 'Still sending “through the gap”…' }).waitFor();
    await site.restartRelay();
    for (const reader of [page, other]) await reader.shows('hello', ['Anna: through the gap']);
    await eventually(async () => assert.equal(await outcome.textContent(), ''));
    for (const reader of [page, other]) await reader.leave();
  });

  it('tells that a message was not sent, and keeps its text, while the backend cannot be reached', async () => {
    const [page] = /** @type {[DemoPage]} */ (await openPages(1));
    await site.host.stop();
    await page.send('hello', 'into the void');
    await page.page.getByRole('status').filter({ hasText: 'Not sent' }).waitFor();
    assert.equal(await page.page.getByLabel('Message to hello').inputValue(), 'into the void');
    await page.leave();
  });
});
