/**
 * Waiting for what becomes true.
 *
 * @module
 */

import { setTimeout as pause } from 'node:timers/promises';

/** Longer than anything that the page does by itself takes, the pause before a reconnection included. */
const LIMIT_MS = 60_000;

/** How often it is tried. */
const PAUSE_MS = 40;

/**
 * Runs `check` until it throws no more and gives what it returned. After the deadline throws what it threw last, so a
 * failed test tells what was there instead.
 *
 * @template T
 * @param {() => T | Promise<T>} check
 * @param {number} [limitMs]
 * @returns {Promise<T>}
 */
export async function eventually(check, limitMs = LIMIT_MS) {
  const deadline = performance.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(PAUSE_MS);
  }
}
