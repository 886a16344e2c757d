/**
 * What the computer does: it sleeps, and its clock jumps.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { sleepFor } from '../harness/asleep.mjs';
import { LIMIT_MS, SILENCE_MS } from '../harness/stage.mjs';
import { countOf, gist } from '../harness/visitor.mjs';

/** @typedef {import('../harness/stage.mjs').Stage} Stage */

/** Longer than the relay waits for a sign of life. */
const SLEEP_MS = SILENCE_MS + 1_000;

/** For how long a token holds that ends in the sleep: a page that is slow to fall asleep need not replace it before. */
const TOKEN_SECONDS = 10;

/** An hour, by which a clock may be put forward or back. */
const JUMP_MS = 3_600_000;

/** @param {Stage} stage */
export function sleepScenarios(stage) {
  describe('the computer', { timeout: LIMIT_MS }, () => {
    it('sleeps until the relay has given it up: the page comes back and has everything', async () => {
      const scene = await stage.scene({ relay: stage.quick });
      assert.ok((await sleepFor(SLEEP_MS)) > 1, 'a browser has several processes');
      await scene.endsWhole({ outages: 1 });
    });

    it('sleeps, and wakes in another network, where the old connection is dead and nobody says so', async () => {
      const scene = await stage.scene({ relay: stage.quick });
      scene.link.strand();
      await sleepFor(SLEEP_MS);
      await scene.endsWhole({ outages: 1 });
    });

    it('sleeps until its token has expired: the page asks for another one before it comes back', async () => {
      const scene = await stage.scene({ relay: stage.quick, tokenSeconds: TOKEN_SECONDS });
      const before = (await scene.visitor.visit()).tokens;
      await sleepFor(TOKEN_SECONDS * 1000);
      const visit = await scene.endsWhole({ outages: 1 });
      assert.ok(visit.tokens > before, 'getToken was asked again');
      assert.equal(scene.link.accepted, 2, 'no connection is made with the token that has expired');
      assert.equal(countOf(visit, 'error'), 0);
    });

    it('puts its clock forward: the page makes one other connection at the most, and has everything', async () => {
      const scene = await stage.scene({ relay: stage.quick });
      await stage.browser.executeScript(jump, JUMP_MS);
      await pause(SILENCE_MS);
      const visit = await scene.endsWhole();
      assert.ok(countOf(visit, 'disconnected') <= 1, gist(visit));
      await stage.browser.executeScript(jump, -JUMP_MS);
    });

    it('puts its clock back: the page goes on, and notices silence as before', async () => {
      const scene = await stage.scene({ relay: stage.quick });
      await stage.browser.executeScript(jump, -JUMP_MS);
      await pause(SILENCE_MS);
      assert.equal(countOf(await scene.visitor.visit(), 'disconnected'), 0);
      scene.link.strand();
      await scene.endsWhole({ outages: 1 });
    });
  });
}

/**
 * Puts the page's clock to another time; the clock that never jumps goes on.
 *
 * @param {number} ms
 */
function jump(ms) {
  const { now } = Date;
  Date.now = () => now() + ms;
}
