/**
 * What the relay does: it is killed, it stops in good order, and it comes back elsewhere.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIMIT_MS } from '../harness/stage.mjs';
import { assertPatience, assertTruth } from '../harness/truth.mjs';

/** @typedef {import('../harness/stage.mjs').Stage} Stage */

/** @param {Stage} stage */
export function relayScenarios(stage) {
  describe('the relay', { concurrency: true, timeout: LIMIT_MS }, () => {
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
 * gap, of messages that were on their way to it when the relay was killed: everything that the new relay accepted comes
 * once and in order.
 *
 * @param {import('../harness/stage.mjs').Scene} scene
 * @param {'kill' | 'stop'} how
 */
async function afterRestart({ relay, link, visitor, stream }, how) {
  const { plain: had } = await visitor.until('messages come', ({ plain }) => plain.length > 3);
  await relay.restart({ how });
  // By the old relay: the stream has only now been told where the new one is.
  const { accepted } = stream;
  await visitor.untilLive(2);
  const numbers = await stream.endAfter(3);
  const last = numbers.at(-1);
  const visit = await visitor.until('the last number has come', ({ plain }) => plain.at(-1) === last);
  const missing = numbers.filter((number) => !visit.plain.includes(number));
  const onTheirWay = how === 'kill' ? numbers.slice(had.length, accepted) : [];
  assert.ok(
    missing.every((number) => onTheirWay.includes(number)),
    `lost: ${missing}; on their way were at most ${onTheirWay}`,
  );
  // A number that was not accepted yet when the relay was killed may have reached the page, and is published anew.
  const isAgain = (/** @type {number} */ number, /** @type {number} */ index) =>
    how === 'kill' && number === accepted && visit.plain[index - 1] === number;
  assert.deepEqual(
    visit.plain.filter((number, index) => !isAgain(number, index)),
    numbers.filter((number) => !missing.includes(number)),
  );
  assertTruth(visit, { synced: [false, false] });
  assertPatience(link.attempts);
}
