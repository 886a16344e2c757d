/**
 * Waiting for what becomes true, and keeping what has come.
 *
 * @module
 */

/** Longer than anything that the SDK does by itself takes, the pauses before a reconnection included. */
const LIMIT_MS = 60_000;

const PAUSE_MS = 5;

/**
 * Waits until the check gives something true, and gives it.
 *
 * @template T
 * @param {() => T | Promise<T>} check
 * @param {string | (() => string)} what is waited for, for the error
 * @returns {Promise<Exclude<T, undefined | null | false | 0 | ''>>}
 */
export async function until(check, what) {
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    const result = await check();
    if (result) return /** @type {any} */ (result);
    if (performance.now() > deadline) {
      throw new Error(`waited in vain until ${typeof what === 'string' ? what : what()}`);
    }
    await pause(PAUSE_MS);
  }
}

/**
 * @param {number} ms
 * @returns {Promise<void>}
 */
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls of one handler, in their order. */
export class Calls {
  /** @type {any[][]} the arguments of each call */
  all = [];

  /** The handler. */
  handler = (/** @type {any[]} */ ...args) => {
    this.all.push(args);
  };

  get count() {
    return this.all.length;
  }

  /** The payloads, where the calls are messages. */
  get payloads() {
    return this.all.map(([message]) => message.payload);
  }

  /** The first arguments. */
  get firsts() {
    return this.all.map(([first]) => first);
  }

  /**
   * Waits until there were so many calls.
   *
   * @param {number} count
   */
  async until(count) {
    await until(
      () => this.count >= count,
      () => `a handler is called ${count} times: it was ${this.count}, with ${JSON.stringify(this.firsts)}`,
    );
  }
}
