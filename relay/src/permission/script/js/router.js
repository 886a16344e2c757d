/**
 * The permissions router of one engine, with a note of what it was asked last.
 *
 * @module
 */

import { createPermissionsRouter } from 'relay:permissions-router';

const router = createPermissionsRouter();

/** Where handlers were added, by their channel; the last one stands, as in the router itself. */
const places = new Map();

/** Where the default handler was set. */
let defaultPlace = '';

/** The language's own, whatever a file of the site makes of the global. */
const OwnError = Error;

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

/** Where the handler that decided was added, as a line of a stack trace; empty when there was none. */
export function whereDecided() {
  switch (whoDecided()) {
    case 'exact':
      return places.get(keyOf(asked.name, asked.resourceId)) ?? '';
    case 'parent':
      return places.get(keyOf(asked.name, '')) ?? '';
    case 'default':
      return defaultPlace;
    default:
      return '';
  }
}

/** What site code imports as `permissionsRouter`. Its functions do not depend on `this`. */
export const permissionsRouter = {
  ...router,
  add(channel, handler) {
    router.add(channel, handler);
    places.set(keyOf(channel.name, channel.resourceId), callSite());
  },
  default(handler) {
    router.default(handler);
    defaultPlace = callSite();
  },
  check(channel, subscriber) {
    asked = channel;
    return router.check(channel, subscriber);
  },
};

/** The line of the stack trace that is in the site's files: who called the function that calls this. */
function callSite() {
  const lines = String(new OwnError().stack).split('\n');
  return lines.find((line) => line !== '' && !line.includes('relay:') && !line.includes('(native)')) ?? '';
}

/** A channel and its resource as one text; a name cannot contain the separator. */
function keyOf(name, resourceId) {
  return `${name}/${resourceId ?? ''}`;
}
