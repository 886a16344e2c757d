/**
 * Part 3 of the demo: who may listen to what, and the change of identity.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeSite } from './harness/describe-site.mjs';
import { eventually } from './harness/eventually.mjs';

const ROOMS = ['club / open', 'club / members', 'club / admins'];

describeSite('permissions', (stage) => {
  it('let a visitor into the open room only, and show why not into the others', async () => {
    const page = await stage.openPage();
    assert.equal((await page.identity()).type, 'Visitor');
    const [open, members, admins] = await page.rooms();
    assert.deepEqual(open, { status: 'Listening', refusal: null });
    for (const room of [members, admins]) {
      assert.equal(room?.status, 'Refused');
      assert.match(room?.refusal ?? '', /^errorCode 2\n\S.{10,}$/);
    }
  });

  it('let a member into the members’ room and an admin into all', async () => {
    const page = await stage.openPage();
    await page.become('Member');
    assert.deepEqual(await statuses(page), ['Listening', 'Listening', 'Refused']);
    await page.become('Admin');
    assert.deepEqual(await statuses(page), ['Listening', 'Listening', 'Listening']);
  });

  it('shut out again who becomes a visitor', async () => {
    const page = await stage.openPage();
    await page.become('Admin');
    await page.become('Visitor');
    assert.deepEqual(await statuses(page), ['Listening', 'Refused', 'Refused']);
    await page.sendToAllRooms('after the change');
    await eventually(async () => assert.equal((await page.messagesOn('club / open')).length, 1));
    assert.deepEqual(await page.messagesOn('club / members'), []);
    assert.deepEqual(await page.messagesOn('club / admins'), []);
  });

  it('bring a message only to those who may listen, whoever sends it', async () => {
    const [visitor, member, admin] = [await stage.openPage(), await stage.openPage(), await stage.openPage()];
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
    const [anna, ben] = [await stage.openPage(), await stage.openPage()];
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
    const [anna, ben] = [await stage.openPage(), await stage.openPage()];
    await ben.callOneself('Ben');
    await ben.send('hello', 'before');
    await anna.shows('hello', ['Ben: before']);
    await anna.become('Member');
    await ben.send('hello', 'after');
    await anna.shows('hello', ['Ben: before', 'Ben: after']);
  });

  it('apply a change of identity to the browser’s other tabs', async () => {
    const first = await stage.openPage();
    const second = await first.openTab();
    await first.become('Admin');
    await eventually(async () => {
      assert.deepEqual(await second.identity(), await first.identity());
      assert.deepEqual(await statuses(second), ['Listening', 'Listening', 'Listening']);
    });
  });

  it('remember a visitor, and a member, over a reload', async () => {
    const page = await stage.openPage();
    for (const type of /** @type {const} */ (['Visitor', 'Member'])) {
      if (type !== 'Visitor') await page.become(type);
      const before = await page.identity();
      await page.reload();
      assert.deepEqual(await page.identity(), before);
    }
    assert.deepEqual(await statuses(page), ['Listening', 'Listening', 'Refused']);
  });

  it('settle on the last of several quick changes', async () => {
    const page = await stage.openPage();
    await page.page.getByRole('radio', { name: 'Visitor' }).focus();
    for (const _ of ['Member', 'Admin']) await page.page.keyboard.press('ArrowRight');
    await eventually(async () => {
      assert.equal((await page.identity()).type, 'Admin');
      assert.deepEqual(await statuses(page), ['Listening', 'Listening', 'Listening']);
    });
  });
});

/** @param {import('./harness/demo-page.mjs').DemoPage} page */
async function statuses(page) {
  return (await page.rooms()).map(({ status }) => status);
}
