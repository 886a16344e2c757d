/**
 * Calls the page's own functions.
 *
 * @module
 */

/**
 * Calls a function. What it throws, or what its promise is rejected with, is shown on the console and goes no further:
 * it disturbs no other handler, and nobody has to handle it.
 *
 * @template {unknown[]} Arguments
 * @param {(...args: Arguments) => unknown} handler
 * @param {Arguments} args
 */
export function call(handler, ...args) {
  try {
    const result = /** @type {any} */ (handler(...args));
    if (typeof result?.then === 'function') result.then(undefined, report);
  } catch (thrown) {
    report(thrown);
  }
}

/** @param {unknown} thrown */
export function report(thrown) {
  console.error('wix-realtime-frontend: a handler has failed', thrown);
}
