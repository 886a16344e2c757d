/**
 * Waiting for what becomes so.
 *
 * @module
 */

import { setTimeout as pause } from 'node:timers/promises';

/** By then a relay on this machine has answered, however busy the machine is. */
export const LIMIT_MS = 60_000;

/**
 * Waits until something is so.
 *
 * @param {() => boolean} check
 * @param {() => string} what
 */
export async function until(check, what) {
  const deadline = performance.now() + LIMIT_MS;
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what()}`);
    await pause(5);
  }
}
