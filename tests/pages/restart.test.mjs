/**
 * What open pages do when the relay goes away and comes back.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { configure, publish } from '../../sdk-backend/src/index.js';
import { DemoPage, Indicator } from './harness/demo-page.mjs';
import { describeMortalSite } from './harness/describe-site.mjs';
import { eventually } from './harness/eventually.mjs';
import { API_KEY } from './harness/site.mjs';

/** By then a page that wanted to come back would have tried. */
const COME_BACK_MS = 1500;

const HELLO = { name: 'hello' };

describeMortalSite('a page whose relay goes away', (stage) => {
  beforeEach(() => configure({ url: stage.site.relayUrl, apiKey: API_KEY }));

  /** @param {number} count */
  const openPages = (count) => Promise.all(Array.from({ length: count }, () => stage.openPage()));

  it('says so, comes back, and has everything that a retrying backend published meanwhile, once and in order', async () => {
    const pages = await openPages(3);
    const earlier = publishNumbers(1, 20);
    await earlier.accepted;
    for (const page of pages) await page.shows('hello', earlier.shown);

    await stage.site.killRelay();
    for (const page of pages) await page.indicates(Indicator.reconnecting);
    const meanwhile = publishNumbers(21, 60);
    await stage.site.restartRelay();
    await meanwhile.accepted;

    for (const page of pages) {
      await page.indicates(Indicator.connected);
      await page.shows('hello', [...earlier.shown, ...meanwhile.shown]);
    }
    const later = publishNumbers(61, 62);
    await later.accepted;
    for (const page of pages)
      await page.shows('hello', [...earlier.shown, ...meanwhile.shown, ...later.shown]);
  });

  it('comes back from a relay that stopped in good order, and from a second loss', async () => {
    const [page] = /** @type {[DemoPage]} */ (await openPages(1));
    for (const number of [1, 2]) {
      await stage.site.relay.stop();
      await page.indicates(Indicator.reconnecting);
      await stage.site.restartRelay();
      await page.settle();
      await publish(HELLO, number);
    }
    await page.shows('hello', ['1', '2']);
  });

  it('keeps its identity, and is refused again what it was refused before', async () => {
    const [page] = /** @type {[DemoPage]} */ (await openPages(1));
    await page.become('Member');
    const before = { identity: await page.identity(), rooms: await page.rooms() };
    await stage.site.killRelay();
    await page.indicates(Indicator.reconnecting);
    await stage.site.restartRelay();
    await page.settle();
    assert.deepEqual({ identity: await page.identity(), rooms: await page.rooms() }, before);
    await publish({ name: 'club', resourceId: 'members' }, 'still a member');
    await page.shows('club / members', ['"still a member"']);
  });

  it('connects as soon as there is a relay when it was opened before there was one', async () => {
    await stage.site.killRelay();
    const page = stage.keep(await DemoPage.load(await stage.newPerson(), stage.site.url));
    await page.page.locator('#who').filter({ hasText: /./ }).waitFor();
    assert.notEqual(await page.indicator(), Indicator.connected);
    await stage.site.restartRelay();
    await page.settle();
    await publish(HELLO, 'hello again');
    await page.shows('hello', ['"hello again"']);
  });

  it('says that it is over when the relay sent it away for good, and does not come back', async () => {
    const person = await stage.newPerson();
    let connections = 0;
    /** @type {import('playwright-core').WebSocketRoute | undefined} */
    let latest;
    await person.routeWebSocket(/\/v1\/realtime$/, (route) => {
      connections += 1;
      latest = route;
      route.connectToServer();
    });
    const page = stage.keep(await DemoPage.open(person, stage.site.url));
    await latest?.close({ code: 4503, reason: 'disconnected by the backend' });
    await page.indicates(Indicator.ended);
    await pause(COME_BACK_MS);
    assert.equal(await page.indicator(), Indicator.ended);
    assert.equal(connections, 1);
    // Somebody else may be welcome.
    await page.become('Member');
    assert.equal(connections, 2);
  });

  it('delivers once what its reader sent meanwhile, and says until then that it is still sending', async () => {
    const [page, other] = /** @type {[DemoPage, DemoPage]} */ (await openPages(2));
    await page.callOneself('Anna');
    await stage.site.killRelay();
    await page.send('hello', 'through the gap');
    const outcome = page.page.locator('#hello-form').getByRole('status');
    await outcome.filter({ hasText: 'Still sending “through the gap”…' }).waitFor();
    await stage.site.restartRelay();
    for (const reader of [page, other]) await reader.shows('hello', ['Anna: through the gap']);
    await eventually(async () => assert.equal(await outcome.textContent(), ''));
  });

  it('tells that a message was not sent, and keeps its text, while the backend cannot be reached', async () => {
    const [page] = /** @type {[DemoPage]} */ (await openPages(1));
    await stage.site.host.stop();
    await page.send('hello', 'into the void');
    await page.page.getByRole('status').filter({ hasText: 'Not sent' }).waitFor();
    assert.equal(await page.page.getByLabel('Message to hello').inputValue(), 'into the void');
  });
});

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
