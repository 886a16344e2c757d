/**
 * Part 2 of the demo: two channels and two resources that do not mix.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeSite } from './harness/describe-site.mjs';

/** The streams of part 2, as the page names them. */
const STREAMS = ['kitchen', 'garden', 'garden / roses', 'garden / pond'];

describeSite('channels and resources', (stage) => {
  it('keep apart what is sent to each, on every page', async () => {
    const anna = await stage.openPage();
    const ben = await stage.openPage();
    await anna.callOneself('Anna');
    await ben.callOneself('Ben');
    // Two rounds: had anything of the first gone astray, it would be there before the second.
    for (const stream of STREAMS) await anna.send(stream, `first to ${stream}`);
    for (const stream of STREAMS) await ben.shows(stream, [`Anna: first to ${stream}`]);
    for (const stream of STREAMS) await ben.send(stream, `second to ${stream}`);
    for (const page of [anna, ben]) {
      for (const stream of STREAMS) {
        await page.shows(stream, [`Anna: first to ${stream}`, `Ben: second to ${stream}`]);
      }
      assert.deepEqual(await page.messagesOn('hello'), []);
    }
  });

  it('count what arrived on each', async () => {
    const page = await stage.openPage();
    await page.send('garden / roses', 'one');
    await page.send('garden / roses', 'two');
    await page.send('kitchen', 'three');
    await page.page.locator('[data-channel="garden / roses"] .count', { hasText: /^2$/ }).waitFor();
    await page.page.locator('[data-channel="kitchen"] .count', { hasText: /^1$/ }).waitFor();
    const counts = await page.page.locator('.stream .count').allInnerTexts();
    assert.deepEqual(counts, ['1', '0', '2', '0']);
  });

  it('take an odd resource id of a backend’s for what it is, another stream', async () => {
    const page = await stage.openPage();
    for (const resourceId of ['Roses', 'roses ', 'roses/pond', 'pond%20']) {
      await stage.site.publishJson({ name: 'garden', resourceId }, '"astray"');
    }
    // An empty resource id is the channel itself.
    await stage.site.publishJson({ name: 'garden', resourceId: '' }, '"to the garden"');
    await page.shows('garden', ['"to the garden"']);
    for (const stream of ['garden / roses', 'garden / pond'])
      assert.deepEqual(await page.messagesOn(stream), []);
  });
});
