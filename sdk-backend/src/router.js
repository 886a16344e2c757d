/**
 * The permissions router of this process, and a note of which channel a question asked it about.
 *
 * @module
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { createPermissionsRouter } from './permissions-router.js';

/** @typedef {import('./permissions-router.js').DecidedBy} DecidedBy */

const router = createPermissionsRouter();

/** What the question under way asked the router about. @type {AsyncLocalStorage<{ channel?: any }>} */
const notes = new AsyncLocalStorage();

/** What backend code imports. Its functions do not depend on `this`. */
export const permissionsRouter = {
  ...router,
  /** @type {typeof router.check} */
  check(channel, subscriber) {
    const note = notes.getStore();
    if (note) note.channel = channel;
    return router.check(channel, subscriber);
  },
};

/**
 * Asks a question and notes who decided it.
 *
 * @template T
 * @param {() => T} ask
 * @returns {{ result: T, whoDecided: () => DecidedBy | undefined }} `whoDecided` is for when the result has settled:
 *   undefined when the router was not asked
 */
export function withNote(ask) {
  /** @type {{ channel?: any }} */
  const note = {};
  return { result: notes.run(note, ask), whoDecided: () => whoDecided(note) };
}

/** @param {{ channel?: any }} note */
function whoDecided(note) {
  if (!('channel' in note)) return undefined;
  try {
    return router.resolve(note.channel).decidedBy;
  } catch {
    // Not a channel: `check` has rejected and said what is wrong with it.
    return undefined;
  }
}
