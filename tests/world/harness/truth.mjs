/**
 * What every visit must be, whatever has happened to its line: nothing missed that was not told, nothing twice, and
 * handlers that tell the truth in its order.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { gist } from './visitor.mjs';

/** @typedef {import('./visitor.mjs').Visit} Visit */

/**
 * The shortest time in which a page may make so many attempts. With full jitter, the twelfth attempt in a row that fails
 * comes within so short a time less than once in a million outages.
 */
const FEW = { attempts: 12, withinMs: 3_000 };

/**
 * Asserts that a page has got exactly these messages in this order, in both ways to subscribe.
 *
 * @param {Visit} visit
 * @param {readonly unknown[]} expected
 */
export function assertWhole(visit, expected) {
  const payloads = visit.told.filter(([kind]) => kind === 'message').map(([, payload]) => payload);
  assert.deepEqual(payloads, expected, `subscriber.subscribe: ${gist(visit)}`);
  assert.deepEqual(visit.plain, expected, `subscribe: ${gist(visit)}`);
}

/**
 * Asserts that what the handlers were told can be true: connections and losses take turns; each loss is told to the
 * live subscription as a passing one; messages come while the subscription is live; an outage is at most one error,
 * and told while there is no connection.
 *
 * @param {Visit} visit
 * @param {{ synced: readonly boolean[] }} expected what `onSubscribed` was told, one for each connection
 */
export function assertTruth(visit, { synced }) {
  const why = gist(visit);
  let isConnected = false;
  let isLive = false;
  let errors = 0;
  /** @type {boolean[]} */
  const lives = [];
  for (const [kind, value] of visit.told) {
    if (kind === 'connected') {
      assert.ok(!isConnected, `connected twice: ${why}`);
      isConnected = true;
      errors = 0;
    } else if (kind === 'disconnected') {
      assert.ok(isConnected, `disconnected twice: ${why}`);
      isConnected = false;
    } else if (kind === 'interrupted') {
      assert.ok(!isConnected && isLive, `interrupted while connected, or twice: ${why}`);
      assert.deepEqual([value.code, value.recoverable], ['DISCONNECTED', true], why);
      isLive = false;
    } else if (kind === 'live') {
      assert.ok(isConnected && !isLive, `live without a connection, or twice: ${why}`);
      isLive = true;
      lives.push(value);
    } else if (kind === 'message') {
      assert.ok(isLive, `a message while nothing was live: ${why}`);
    } else if (kind === 'error' && value.isSynced === false) {
      assert.ok(isConnected, `a gap is told while connected: ${why}`);
      assert.deepEqual([value.code, value.recoverable], [2, true], why);
    } else if (kind === 'error') {
      errors += 1;
      assert.ok(!isConnected && errors === 1, `an outage is one error: ${why}`);
      assert.deepEqual([value.code, value.recoverable], [1, true], why);
    }
  }
  assert.deepEqual(lives, synced, why);
  const gaps = visit.told.filter(([kind, value]) => kind === 'error' && value.isSynced === false);
  assert.equal(gaps.length, synced.slice(1).filter((isSynced) => !isSynced).length, `each gap once: ${why}`);
}

/**
 * Asserts that no twelve attempts came close together.
 *
 * @param {readonly number[]} attempts when each came, in milliseconds
 */
export function assertPatience(attempts) {
  for (const [index, last] of attempts.entries()) {
    const first = attempts[index - FEW.attempts + 1];
    if (first === undefined) continue;
    assert.ok(last - first > FEW.withinMs, `a tight loop: attempts at ${attempts.map(Math.round)} ms`);
  }
}
