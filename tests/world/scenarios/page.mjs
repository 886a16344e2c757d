/**
 * What the browser does with a page: it hides it, freezes it, keeps it for the way back, and closes it.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../../conformance/harness/until.mjs';
import { SILENCE_MS } from '../harness/stage.mjs';
import { countOf, gist } from '../harness/visitor.mjs';

/** @typedef {import('../harness/stage.mjs').Stage} Stage */

/** @param {Stage} stage */
export function pageScenarios(stage) {
  describe('the page', { timeout: 90_000 }, () => {
    it('is in a tab behind another one: it notices that its line is dead, and has everything when it is shown', async () => {
      const { browser } = stage;
      const scene = await stage.scene();
      const tab = await browser.getWindowHandle();
      await browser.switchTo().newWindow('tab');
      scene.link.strand();
      await pause(SILENCE_MS + 2_000);
      const attempts = scene.link.accepted;
      await browser.close();
      await browser.switchTo().window(tab);
      const visit = await scene.endsWhole({ outages: 1 });
      assert.ok(told(visit, 'hidden'), `the page was hidden: ${gist(visit)}`);
      assert.equal(attempts, 2, 'it has come back while it was hidden');
    });

    it('stays connected in a tab behind another one, however slow timers are there', async () => {
      const { browser } = stage;
      const scene = await stage.scene();
      const tab = await browser.getWindowHandle();
      await browser.switchTo().newWindow('tab');
      await pause(2 * SILENCE_MS);
      await browser.close();
      await browser.switchTo().window(tab);
      await scene.endsWhole({ outages: 0 });
    });

    it('is left for another page: the relay lets its session go at once', async () => {
      // This relay would wait for 35 s.
      const scene = await stage.scene({ relay: await stage.startRelay() });
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
      const scene = await stage.scene({ relay: await stage.startRelay() });
      assert.equal(await scene.sessions(), 1);
      await browser.close();
      await browser.switchTo().window(first);
      await untilNoSession(scene);
      await scene.stream.end();
    });

    it('is kept for the way back: it comes back by itself with everything, in the state in which it was left', async () => {
      const { browser } = stage;
      const scene = await stage.scene();
      await browser.get(stage.pageUrl('/elsewhere'));
      await pause(1_000);
      await browser.navigate().back();
      const visit = await scene.endsWhole({ outages: 1 });
      assert.ok(told(visit, 'pageshow persisted'), `the page was kept: ${gist(visit)}`);
      assert.equal(countOf(visit, 'error'), 0);
    });

    it('is left and loaded anew: it starts anew, and has everything since', async () => {
      const before = await stage.scene();
      await stage.load();
      const scene = await stage.scene();
      await Promise.all([scene.endsWhole({ outages: 0 }), before.stream.end()]);
    });
  });
}

/** @param {Stage} stage in Chromium, whose DevTools can freeze a page */
export function freezingScenarios(stage) {
  describe('the frozen page', { timeout: 90_000 }, () => {
    it('leaves its connection when it is frozen, and has everything when it thaws', async () => {
      const browser = /** @type {import('selenium-webdriver/chrome.js').Driver} */ (stage.browser);
      const scene = await stage.scene();
      const tab = await browser.getWindowHandle();
      await browser.sendDevToolsCommand('Page.setWebLifecycleState', { state: 'frozen' });
      await browser.switchTo().newWindow('tab');
      await pause(SILENCE_MS + 1_000);
      assert.equal(scene.link.accepted, 1, 'a frozen page does nothing');
      await browser.close();
      await browser.switchTo().window(tab);
      await browser.sendDevToolsCommand('Page.setWebLifecycleState', { state: 'active' });
      const visit = await scene.endsWhole({ outages: 1 });
      assert.ok(told(visit, 'freeze') && told(visit, 'resume'), gist(visit));
    });
  });
}

/**
 * Whether an event of the page was noted.
 *
 * @param {import('../harness/visitor.mjs').Visit} visit
 * @param {string} event
 */
const told = (visit, event) => visit.told.some(([kind, value]) => kind === 'page' && value === event);

/** @param {import('../harness/stage.mjs').Scene} scene */
async function untilNoSession(scene) {
  let sessions = 1;
  const ask = async () => {
    while (sessions > 0) sessions = await scene.sessions();
  };
  await Promise.race([ask(), until(() => sessions === 0, () => 'the relay has no session any more')]);
}
