/**
 * Time for tests of deadlines: it passes when the test has it pass, so that it makes no difference how busy the machine
 * is.
 *
 * @module
 */

import { mock } from 'node:test';
import { setImmediate as moment } from 'node:timers/promises';

/** How much passes at once. */
const STEP_MS = 1;

/** Twice as long as any deadline here. */
const LIMIT_MS = 60_000;

/**
 * Puts a clock of its own in force until the test ends: for timers, dates and `performance.now()`. Sockets know nothing
 * of it.
 *
 * @param {{ after(fn: () => void): void }} test
 */
export function virtualTime(test) {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_800_000_000_000 });
  let passedMs = 0;
  let isOver = false;
  const now = mock.method(performance, 'now', () => 1_000 + passedMs);
  test.after(() => {
    isOver = true;
    now.mock.restore();
    mock.timers.reset();
  });
  const step = async () => {
    await moment();
    passedMs += STEP_MS;
    mock.timers.tick(STEP_MS);
    await moment();
  };
  return {
    /** How long the test has lasted. In milliseconds. */
    passed: () => passedMs,
    /** Lets time pass until the promise is settled or the test is over, and gives what became of it. @template T @param {Promise<T>} promise */
    async settled(promise) {
      let isSettled = false;
      const settle = () => {
        isSettled = true;
      };
      promise.then(settle, settle);
      await moment();
      const end = passedMs + LIMIT_MS;
      while (!isSettled && !isOver) {
        if (passedMs > end) throw new Error(`nothing became of it in ${LIMIT_MS / 1000} s`);
        await step();
      }
      return promise;
    },
    /** The machine sleeps: the date goes on, and what measures time by the machine's work does not. @param {number} ms */
    sleep(ms) {
      mock.timers.setTime(Date.now() + ms);
    },
  };
}
