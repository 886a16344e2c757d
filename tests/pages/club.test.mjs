/**
 * Part 3 of the demo: who may listen to what, and the change of identity.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { launchChromium } from './harness/browser.mjs';
import { DemoPage } from './harness/demo-page.mjs';
import { eventually } from './harness/eventually.mjs';
import { Site } from './harness/site.mjs';

const ROOMS = ['club / open', 'club / members', 'club / admins'];

describe('permissions', () => {
  /** @type {Site} */
  let site;
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {DemoPage[]} */
  let pages = [];

  before(async () => {
    [site, browser] = await Promise.all([Site.start(), launchChromium()]);
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
  });
  afterEach(async () => {
    const complaints = pages.flatMap((page) => page.complaints);
    await Promise.all(pages.map((page) => page.leave()));
    pages = [];
    assert.deepEqual(complaints, []);
  });

  async function openPage() {
    const page = await DemoPage.openAsSomeoneNew(browser, site.url);
    pages.push(page);
    return page;
  }

  /** @param {DemoPage} page */
  async function statuses(page) {
    return (await page.rooms()).map(({ status }) => status);
  }

  it('let a visitor into the open room only, and show why not into the others', async () => {
    const page = await openPage();
    assert.equal((await page.identity()).type, 'Visitor');
    const [open, members, admins] = await page.rooms();
    assert.deepEqual(open, { status: 'Listening', refusal: null });
    for (const room of [members, admins]) {
      assert.equal(room?.status, 'Refused');
      assert.match(room?.refusal ?? '', /^errorCode 2\n\S.{10,}$/);
    }
  });

  it('let a member into the members’ room and an admin into all', async () => {
    const page = await openPage();
    await page.become('Member');
    assert.deepEqual(await statuses(page), ['Listening', 'Listening', 'Refused']);
    await page.become('Admin');
    assert.deepEqual(await statuses(page), ['Listening', 'Listening', 'Listening']);
  });

  it('shut out again who becomes a visitor', async () => {
    const page = await openPage();
    await page.become('Admin');
    await page.become('Visitor');
    assert.deepEqual(await statuses(page), ['Listening', 'Refused', 'Refused']);
    await page.sendToAllRooms('after the change');
    await eventually(async () => assert.equal((await page.messagesOn('club / open')).length, 1));
    assert.deepEqual(await page.messagesOn('club / members'), []);
    assert.deepEqual(await page.messagesOn('club / admins'), []);
  });

  it('bring a message only to those who may listen, whoever sends it', async () => {
    const [visitor, member, admin] = [await openPage(), await openPage(), await openPage()];
    await member.become('Member');
    await admin.become('Admin');
    await visitor.callOneself('Vera');
    await visitor.sendToAllRooms('to all');
    const everywhere = ['Vera: to all'];
    for (const room of ROOMS) await admin.shows(room, everywhere);
    await member.shows('club / open', everywhere);
    await member.shows('club / members', everywhere);
    await visitor.shows('club / open', everywhere);
    assert.deepEqual(await member.messagesOn('club / admins'), []);
    assert.deepEqual(await visitor.messagesOn('club / members'), []);
    assert.deepEqual(await visitor.messagesOn('club / admins'), []);
  });

  it('name the new identity as the publisher of what is sent after the change', async () => {
    const [anna, ben] = [await openPage(), await openPage()];
    await anna.send('hello', 'as a visitor');
    const visitor = await anna.identity();
    await eventually(async () => assert.equal((await ben.messagesOn('hello')).length, 1));
    await anna.become('Member');
    const member = await anna.identity();
    await anna.send('hello', 'as a member');
    await eventually(async () => {
      assert.deepEqual(await ben.publishersOn('hello'), [visitor.id.slice(0, 8), member.id.slice(0, 8)]);
    });
  });

  it('keep listening to everything else over a change of identity, each message once', async () => {
    const [anna, ben] = [await openPage(), await openPage()];
    await ben.callOneself('Ben');
    await ben.send('hello', 'before');
    await anna.shows('hello', ['Ben: before']);
    await anna.become('Member');
    await ben.send('hello', 'after');
    await anna.shows('hello', ['Ben: before', 'Ben: after']);
  });

  it('apply a change of identity to the browser’s other tabs', async () => {
    const first = await openPage();
    const second = await first.openTab();
    await first.become('Admin');
    await eventually(async () => {
      assert.deepEqual(await second.identity(), await first.identity());
      assert.deepEqual(await statuses(second), ['Listening', 'Listening', 'Listening']);
    });
  });

  it('remember a visitor, and a member, over a reload', async () => {
    const page = await openPage();
    for (const type of /** @type {const} */ (['Visitor', 'Member'])) {
      if (type !== 'Visitor') await page.become(type);
      const before = await page.identity();
      await page.reload();
      assert.deepEqual(await page.identity(), before);
    }
    assert.deepEqual(await statuses(page), ['Listening', 'Listening', 'Refused']);
  });

  it('settle on the last of several quick changes', async () => {
    const page = await openPage();
    await page.page.getByRole('radio', { name: 'Visitor' }).focus();
    for (const _ of ['Member', 'Admin']) await page.page.keyboard.press('ArrowRight');
    await eventually(async () => {
      assert.equal((await page.identity()).type, 'Admin');
      assert.deepEqual(await statuses(page), ['Listening', 'Listening', 'Listening']);
    });
  });
});
