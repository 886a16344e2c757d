/**
 * Who may subscribe to what. The relay asks `realtime_check_permission` at every attempt to subscribe.
 *
 * @module
 */

import { CLUB, CLUB_ADMINS, CLUB_MEMBERS } from 'public/channels.js';
import { permissionsRouter } from 'wix-realtime-backend';

/** @typedef {import('public/channels.js').Channel} Channel */
/** @typedef {{ id: string, type: 'Admin' | 'Member' | 'Visitor' }} Subscriber */

permissionsRouter.default(() => ({ read: true }));

// A resource without a handler of its own asks its channel's: this one speaks for the club's open resource.
permissionsRouter.add(CLUB, () => ({ read: true }));

permissionsRouter.add(CLUB_MEMBERS, (_channel, subscriber) => ({ read: subscriber.type !== 'Visitor' }));
permissionsRouter.add(CLUB_ADMINS, (_channel, subscriber) => ({ read: subscriber.type === 'Admin' }));

/**
 * @param {Channel} channel
 * @param {Subscriber} subscriber
 */
export function realtime_check_permission(channel, subscriber) {
  return permissionsRouter.check(channel, subscriber);
}
