/**
 * What the relay does: it is killed, it stops in good order, and it comes back elsewhere.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertPatience, assertTruth } from '../harness/truth.mjs';

/** @typedef {import('../harness/stage.mjs').Stage} Stage */

/** @param {Stage} stage */
export function relayScenarios(stage) {
  describe('the relay', { concurrency: true, timeout: 90_000 }, () => {
    it('is killed and starts anew: the page comes back, is told that messages may be lost, and gets all since', async () => {
      const scene = await stage.scene({ relay: await stage.startRelay() });
      await afterRestart(scene, 'kill');
    });

    it('stops in good order and starts anew: the page comes back when it was told to, and is told of the gap', async () => {
      const scene = await stage.scene({ relay: await stage.startRelay() });
      await afterRestart(scene, 'stop');
    });

    it('keeps its history on disk: killed or stopped and started anew, nothing is missing and no gap is told', async () => {
      const scene = await stage.scene({ relay: await stage.startDurableRelay() });
      for (const [index, how] of /** @type {const} */ (['kill', 'stop']).entries()) {
        await scene.relay.restart({ how });
        await scene.visitor.untilLive(index + 2);
      }
      await scene.endsWhole({ outages: 2 });
    });
  });
}

/**
 * Restarts the relay of a scene, whose messages are in memory only, and asserts that what the page got has at most one
 * gap, before the restart: everything that the new relay accepted comes once and in order.
 *
 * @param {import('../harness/stage.mjs').Scene} scene
 * @param {'kill' | 'stop'} how
 */
async function afterRestart({ relay, link, visitor, stream }, how) {
  await visitor.until('messages come', ({ plain }) => plain.length > 3);
  await relay.restart({ how });
  await visitor.untilLive(2);
  const numbers = await stream.endAfter(3);
  const last = numbers.at(-1);
  const visit = await visitor.until('the last number has come', ({ plain }) => plain.at(-1) === last);
  const missing = numbers.filter((number) => !visit.plain.includes(number));
  // A stream publishes one after the other: only what was on its way when the relay was killed can be lost.
  assert.ok(missing.length <= (how === 'kill' ? 1 : 0), `lost: ${missing}`);
  assert.deepEqual(
    visit.plain,
    numbers.filter((number) => !missing.includes(number)),
  );
  assertTruth(visit, { synced: [false, false] });
  assertPatience(link.attempts);
}
