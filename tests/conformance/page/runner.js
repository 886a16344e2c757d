/**
 * Collects the tests of a suite and runs them.
 *
 * @module
 */

import { withContext } from './context.js';

/** @typedef {import('./context.js').Context} Context */

/** By then a test has ended or has failed: longer than it may wait for one thing. The longest rule to wait for takes 10 s. */
const LIMIT_MS = 120_000;

/** @type {Map<string, (context: Context) => Promise<void>>} */
const tests = new Map();

/**
 * Adds a test. Its name is a literal and the only one of its kind in its file, since the table of all rules names it.
 *
 * @param {string} name
 * @param {(context: Context) => Promise<void>} body
 */
export function it(name, body) {
  if (tests.has(name)) throw new Error(`two tests are called ${JSON.stringify(name)}`);
  tests.set(name, body);
}

/** @returns {string[]} in the order of the file */
export const names = () => [...tests.keys()];

/**
 * Runs a test.
 *
 * @param {string} name
 * @returns {Promise<{ name: string, message: string, stack: string } | null>} why it failed; `null` when it passed
 */
export async function run(name) {
  const body = tests.get(name);
  try {
    if (!body) throw new Error(`no test is called ${JSON.stringify(name)}`);
    await withContext((context) => Promise.race([body(context), overdue()]));
    return null;
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`);
    return { name: error.name, message: error.message, stack: error.stack ?? '' };
  }
}

/** @returns {Promise<never>} */
const overdue = () =>
  new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`it has not ended after ${LIMIT_MS} ms`)), LIMIT_MS);
  });
