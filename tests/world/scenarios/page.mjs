/**
 * What the browser does with a page: it hides it, freezes it, keeps it for the way back, and closes it.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { LIMIT_MS as PATIENCE_MS, until } from '../../conformance/harness/until.mjs';
import { DEAF, LIMIT_MS, SILENCE_MS } from '../harness/stage.mjs';
import { gist, hasSeen } from '../harness/visitor.mjs';

/** @typedef {import('../harness/stage.mjs').Stage} Stage */

/** @param {Stage} stage */
export function pageScenarios(stage) {
  describe('the page', { timeout: LIMIT_MS }, () => {
    it('is in a tab behind another one: it notices that its line is dead, and has everything when it is shown', async () => {
      const { browser } = stage;
      const scene = await stage.scene({ relay: stage.quick });
      const tab = await browser.getWindowHandle();
      await browser.switchTo().newWindow('tab');
      scene.link.strand();
      await until(
        () => scene.link.accepted > 1,
        () => 'it comes back while it is hidden',
      );
      await browser.close();
      await browser.switchTo().window(tab);
      const visit = await scene.endsWhole({ outages: 1 });
      assert.ok(hasSeen(visit, 'hidden'), `the page was hidden: ${gist(visit)}`);
    });

    it('stays connected in a tab behind another one, however slow timers are there', async () => {
      const { browser } = stage;
      const scene = await stage.scene({ relay: stage.quick });
      const tab = await browser.getWindowHandle();
      await browser.switchTo().newWindow('tab');
      await pause(SILENCE_MS + 1_000);
      await browser.close();
      await browser.switchTo().window(tab);
      await scene.endsWhole({ outages: 0 });
    });

    it('is left for another page: the relay lets its session go at once', async () => {
      // This relay would notice nothing by itself.
      const scene = await stage.scene({ relay: await stage.startRelay(DEAF) });
      assert.equal(await scene.sessions(), 1);
      await stage.browser.get(stage.pageUrl('/elsewhere'));
      await untilNoSession(scene);
      await scene.stream.end();
      await stage.load();
    });

    it('is closed with its tab: the relay lets its session go at once', async () => {
      const { browser } = stage;
      const first = await browser.getWindowHandle();
      await browser.switchTo().newWindow('tab');
      await stage.load();
      const scene = await stage.scene({ relay: await stage.startRelay(DEAF) });
      assert.equal(await scene.sessions(), 1);
      await browser.close();
      await browser.switchTo().window(first);
      await untilNoSession(scene);
      await scene.stream.end();
    });

    it('is left and loaded anew: it starts anew, and has everything since', async () => {
      const before = await stage.scene();
      await stage.browser.get(stage.pageUrl('/elsewhere'));
      await stage.load();
      const scene = await stage.scene();
      await Promise.all([scene.endsWhole({ outages: 0 }), before.stream.end()]);
    });
  });
}

/** @param {import('../harness/stage.mjs').Scene} scene */
async function untilNoSession(scene) {
  const deadline = performance.now() + PATIENCE_MS;
  while ((await scene.sessions()) > 0) {
    assert.ok(performance.now() < deadline, 'the relay has no session any more');
    await pause(20);
  }
}
