/**
 * The permissions router of one engine, with a note of which handler decided last.
 *
 * @module
 */

import { createPermissionsRouter } from 'relay:permissions-router';

const router = createPermissionsRouter();

/** How the last question was decided, in the router's words; empty when the router was not asked. */
export let decidedBy = '';

/** Clears the note before a question. */
export function forget() {
  decidedBy = '';
}

/** What site code imports as `permissionsRouter`. Its functions do not depend on `this`. */
export const permissionsRouter = {
  ...router,
  check(channel, subscriber) {
    note(channel);
    return router.check(channel, subscriber);
  },
};

function note(channel) {
  try {
    decidedBy = router.resolve(channel).decidedBy;
  } catch {
    // Not a channel: `check` rejects and says what is wrong with it.
    decidedBy = '';
  }
}
