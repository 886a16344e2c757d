/**
 * What Chromium does with a page that it keeps: for the way back, and frozen. DevTools can freeze one there; Firefox keeps
 * no page for the way back that had a connection when the way began.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { LIMIT_MS, SILENCE_MS } from '../harness/stage.mjs';
import { countOf, gist, hasSeen } from '../harness/visitor.mjs';

/** @typedef {import('../harness/stage.mjs').Stage} Stage */

/** @param {Stage} stage of Chromium */
export function keepingScenarios(stage) {
  describe('the page that is kept', { timeout: LIMIT_MS }, () => {
    it('is kept for the way back: it comes back by itself with everything, in the state in which it was left', async () => {
      const { browser } = stage;
      const scene = await stage.scene();
      await browser.get(stage.pageUrl('/elsewhere'));
      await pause(1_000);
      await browser.navigate().back();
      const visit = await scene.endsWhole({ outages: 1 });
      assert.ok(hasSeen(visit, 'pageshow persisted'), `the page was kept: ${gist(visit)}`);
      assert.match(
        gist(visit),
        /"pagehide.*disconnected.*"pageshow persisted".* connected/,
        'left, and made anew',
      );
      assert.equal(countOf(visit, 'error'), 0);
    });

    it('leaves its connection when it is frozen, and has everything when it thaws', async () => {
      const browser = /** @type {import('selenium-webdriver/chrome.js').Driver} */ (stage.browser);
      const scene = await stage.scene({ relay: stage.quick });
      const tab = await browser.getWindowHandle();
      await browser.sendDevToolsCommand('Page.setWebLifecycleState', { state: 'frozen' });
      await browser.switchTo().newWindow('tab');
      await pause(SILENCE_MS + 1_000);
      assert.equal(scene.link.accepted, 1, 'a frozen page does nothing');
      await browser.close();
      await browser.switchTo().window(tab);
      await browser.sendDevToolsCommand('Page.setWebLifecycleState', { state: 'active' });
      const visit = await scene.endsWhole({ outages: 1 });
      assert.ok(hasSeen(visit, 'freeze') && hasSeen(visit, 'resume'), gist(visit));
    });
  });
}
