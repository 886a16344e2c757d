/**
 * Who the caller is, and the demo's sign-in, which asks for no password.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { createSessionToken, currentIdentity } from 'wix-realtime-backend';
import { Permissions, webMethod } from 'wix-web-module';

/** How long a demo sign-in lasts: a working day. */
const SESSION_SECONDS = 8 * 60 * 60;

const TYPES = ['Visitor', 'Member', 'Admin'];

/** The id and the type of the browser's session. */
export const whoAmI = webMethod(Permissions.Anyone, () => {
  const identity = currentIdentity();
  if (!identity) throw new Error('whoAmI was called outside a browser’s session');
  return identity;
});

/**
 * Makes the session token of a new visitor, member or admin, which the page then applies to its session.
 *
 * Everyone may become an admin here, because the demo shows what a change of identity does. A real site makes such
 * a token only after it has found out who is asking.
 */
export const signInAs = webMethod(
  Permissions.Anyone,
  /** @param {'Visitor' | 'Member' | 'Admin'} type */
  (type) => {
    if (!TYPES.includes(type)) throw new Error(`an identity is one of ${TYPES.join(', ')}`);
    return createSessionToken({ id: randomUUID(), type, ttlSeconds: SESSION_SECONDS });
  },
);
