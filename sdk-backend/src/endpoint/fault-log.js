/**
 * A log of handlers that fail, at a bounded rate: a broken one refuses every subscription, and anybody can ask for one.
 *
 * @module
 */

import { inspect } from 'node:util';
import { channelKey } from '../channel.js';

/** Lines in one second, as in the relay. */
const LINES_PER_SECOND = 10;

export class FaultLog {
  #write;
  #second = 0;
  #lines = 0;
  #leftOut = 0;

  /** @param {(line: string) => void} write */
  constructor(write) {
    this.#write = write;
  }

  /**
   * @param {import('./question.js').Question} question
   * @param {unknown} fault
   * @param {number} [now] in milliseconds
   */
  note({ channel, subscriber }, fault, now = Date.now()) {
    if (!this.#hasRoom(Math.floor(now / 1000))) return;
    if (this.#leftOut > 0)
      this.#write(`${this.#leftOut} more permissions handlers failed; their lines are left out`);
    this.#leftOut = 0;
    const what = typeof fault === 'string' ? fault : shown(fault);
    const who = `${subscriber.type} ${JSON.stringify(subscriber.id)}`;
    this.#write(
      `the permissions handler for ${JSON.stringify(channelKey(channel))} failed, asked by ${who}: ${what}`,
    );
  }

  /** @param {number} second */
  #hasRoom(second) {
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines <= LINES_PER_SECOND) return true;
    this.#leftOut += 1;
    return false;
  }
}

/**
 * What was thrown, in words. Whoever throws may throw anything, an object that throws when it is looked at included.
 *
 * @param {unknown} fault
 */
function shown(fault) {
  try {
    return inspect(fault);
  } catch {
    return 'something that cannot be shown';
  }
}
