/**
 * The permissions router of one engine, with a note of what it was asked last.
 *
 * @module
 */

import { createPermissionsRouter } from 'relay:permissions-router';

const router = createPermissionsRouter();

/** The channel that the router was last asked about; nothing when a hook decides without the router. */
let asked;

/** Begins a question: the router has not been asked. */
export function forget() {
  asked = undefined;
}

/** How the question was decided, in the router's words; empty when the router was not asked. */
export function whoDecided() {
  if (asked === undefined) return '';
  try {
    return router.resolve(asked).decidedBy;
  } catch {
    // Not a channel: `check` rejects and says what is wrong with it.
    return '';
  }
}

/** What site code imports as `permissionsRouter`. Its functions do not depend on `this`. */
export const permissionsRouter = {
  ...router,
  check(channel, subscriber) {
    asked = channel;
    return router.check(channel, subscriber);
  },
};
