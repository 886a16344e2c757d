/**
 * What the line to the relay does: every way to break, to fall silent, to be slow, and to be somebody else's.
 *
 * The tests but one run at the same time, each on a line of its own.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { DEAF, LIMIT_MS } from '../harness/stage.mjs';
import { assertPatience, assertTruth, assertWhole } from '../harness/truth.mjs';
import { countOf } from '../harness/visitor.mjs';

/** @typedef {import('../harness/stage.mjs').Stage} Stage */

/** Long enough that a page has tried several times to come back. */
const OUTAGE_MS = 3_000;

/** What a hotel's network answers to everybody who has not paid. */
const SIGN_IN = '<!doctype html><title>Welcome</title><p>Please sign in.</p>';
const PORTAL = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${SIGN_IN.length}\r\nConnection: close\r\n\r\n${SIGN_IN}`;

/** More than a channel keeps. */
const MORE_THAN_KEPT = 1_100;

/** @param {Stage} stage */
export function lineScenarios(stage) {
  describe('the line', { concurrency: true, timeout: LIMIT_MS }, () => {
    it('is reset: the page comes back and has everything', async () => {
      const scene = await stage.scene();
      scene.link.reset();
      await scene.endsWhole({ outages: 1 });
    });

    it('ends in good order without a word of WebSocket: the page comes back and has everything', async () => {
      const scene = await stage.scene();
      scene.link.finish();
      await scene.endsWhole({ outages: 1 });
    });

    it('falls silent in both directions: the page notices by the heartbeat, comes back and has everything', async () => {
      const scene = await stage.scene({ relay: stage.quick });
      scene.link.strand();
      await scene.endsWhole({ outages: 1 });
    });

    it('carries nothing to the page any more: the page notices by the heartbeat', async () => {
      const scene = await stage.scene({ relay: stage.quick });
      scene.link.silence(['toPage']);
      await scene.visitor.untilLost(1);
      scene.link.mend();
      await scene.endsWhole({ outages: 1 });
    });

    it('carries nothing to the relay any more: the relay notices by the heartbeat, and the page comes back', async () => {
      const scene = await stage.scene({ relay: stage.quick });
      scene.link.silence(['toRelay']);
      await scene.visitor.untilLost(1);
      scene.link.mend();
      await scene.endsWhole({ outages: 1 });
    });

    it('is a portal that answers with a page of HTML: it is told once, and the attempts are few', async () => {
      const scene = await stage.scene();
      scene.link.answer(PORTAL);
      scene.link.cut();
      await scene.visitor.until('the outage is told', (visit) => countOf(visit, 'error') === 1);
      await pause(OUTAGE_MS);
      scene.link.mend();
      const visit = await scene.endsWhole({ outages: 1 });
      assert.equal(countOf(visit, 'error'), 1);
    });

    it('changes to another network: all connections end, new ones are refused for a while', async () => {
      const scene = await stage.scene();
      scene.link.bar();
      scene.link.reset();
      await pause(OUTAGE_MS);
      scene.link.mend();
      const visit = await scene.endsWhole({ outages: 1 });
      assert.equal(countOf(visit, 'error'), 1);
    });

    it('breaks a second and a third time while the page comes back', async () => {
      const scene = await stage.scene();
      for (const nth of ['second', 'third', 'last']) {
        const before = scene.link.accepted;
        if (nth === 'second') scene.link.reset();
        else scene.link.cut();
        // The next connection breaks at any moment between its opening and the end of the recovery.
        while (scene.link.accepted === before) await pause(1);
        await pause(20 * Math.random());
      }
      const visit = await scene.endsWhole();
      assert.ok(countOf(visit, 'disconnected') <= 3);
    });

    it('is slow: a page that needs long for what it missed comes back once and has everything', async () => {
      const scene = await stage.scene({ relay: stage.quick });
      scene.link.slow({ delayMs: 300, bytesPerSecond: 3_000 });
      scene.link.bar();
      scene.link.reset();
      await scene.stream.burst(200);
      scene.link.mend();
      const visit = await scene.endsWhole({ outages: 1 });
      assert.equal(countOf(visit, 'connected'), 2);
    });

    it('is away for longer than the relay keeps messages: the gap is told, once, and no part of it comes', async () => {
      const scene = await stage.scene();
      scene.link.bar();
      scene.link.reset();
      await scene.visitor.untilLost(1);
      const before = (await scene.visitor.visit()).plain;
      await scene.stream.burst(MORE_THAN_KEPT);
      scene.link.mend();
      await scene.visitor.untilLive(2);
      scene.stream.resume();
      const after = scene.stream.accepted;
      const numbers = await scene.stream.endAfter(3);
      const last = numbers.at(-1);
      const visit = await scene.visitor.until(
        'the last number has come',
        ({ plain }) => plain.at(-1) === last,
      );
      assertWhole(visit, [...before, ...numbers.slice(after)]);
      assertTruth(visit, { synced: [false, false] });
      assertPatience(scene.link.attempts);
    });

    it('says nothing of itself: an online event makes a page ask, and leave a connection that carries nothing', async () => {
      // By its heartbeat alone, this relay's silence would be noticed long after the deadline of what is waited for here.
      const scene = await stage.scene({ relay: await stage.startRelay(DEAF) });
      await stage.browser.executeScript(`dispatchEvent(new Event('online'))`);
      scene.link.strand();
      await stage.browser.executeScript(`dispatchEvent(new Event('online'))`);
      await scene.visitor.untilLost(1);
      await scene.endsWhole({ outages: 1 });
    });
  });

  // On its own: a browser may open one connection to an address at a time (RFC 6455 section 4.1), and Firefox takes that
  // as far as to let all others wait for one that is not answered.
  describe('a line without an answer', { timeout: LIMIT_MS }, () => {
    it('is a portal that takes connections and never answers: attempts are given up, and few', async () => {
      const scene = await stage.scene();
      scene.link.silence();
      scene.link.cut();
      // The first attempt fails by the SDK's own limit.
      await scene.visitor.until('the outage is told', (visit) => countOf(visit, 'error') === 1);
      scene.link.cut();
      scene.link.mend();
      await scene.endsWhole({ outages: 1 });
    });
  });
}
