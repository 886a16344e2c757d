/**
 * The channels of the demo, in one file for both sides: pages subscribe to them, backend code publishes to them and
 * the permissions router has handlers for them.
 *
 * @module
 */

/** @typedef {{ name: string, resourceId?: string | undefined }} Channel */

/** Part 1: one channel for everybody. */
export const HELLO = Object.freeze({ name: 'hello' });

/** Part 2: two channels, and two resources of the second. Four streams that never mix. */
export const KITCHEN = Object.freeze({ name: 'kitchen' });
export const GARDEN = Object.freeze({ name: 'garden' });
export const ROSES = Object.freeze({ name: 'garden', resourceId: 'roses' });
export const POND = Object.freeze({ name: 'garden', resourceId: 'pond' });

/** Part 3: a channel and three of its resources; `backend/realtime-permissions.js` says who may read which. */
export const CLUB = Object.freeze({ name: 'club' });
export const CLUB_OPEN = Object.freeze({ name: 'club', resourceId: 'open' });
export const CLUB_MEMBERS = Object.freeze({ name: 'club', resourceId: 'members' });
export const CLUB_ADMINS = Object.freeze({ name: 'club', resourceId: 'admins' });

/** Every channel that a page may ask the backend to publish to. */
export const CHANNELS = Object.freeze([
  HELLO,
  KITCHEN,
  GARDEN,
  ROSES,
  POND,
  CLUB_OPEN,
  CLUB_MEMBERS,
  CLUB_ADMINS,
]);

/** The longest text of a message, in UTF-16 units: what an input's `maxlength` counts. */
export const MAX_TEXT_LENGTH = 500;

/** The longest name that an author may go by, in UTF-16 units. */
export const MAX_AUTHOR_LENGTH = 40;

/**
 * A channel as people write it: `garden`, or `garden / roses` for a resource.
 *
 * @param {Channel} channel
 */
export function spell({ name, resourceId }) {
  return resourceId ? `${name} / ${resourceId}` : name;
}

/**
 * Whether two values name the same channel or resource.
 *
 * @param {Channel} a
 * @param {Channel} b
 */
export function isSameChannel(a, b) {
  return a.name === b.name && (a.resourceId ?? '') === (b.resourceId ?? '');
}
