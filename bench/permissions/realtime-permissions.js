/** Decides about every subscription of a benchmark, the way a site does: by a router, for the channel and the person. */
import { permissionsRouter } from 'wix-realtime-backend';

permissionsRouter.add({ name: 'staff' }, (_channel, subscriber) => ({ read: subscriber.type === 'Member' }));
permissionsRouter.add({ name: 'bench-0' }, (channel, subscriber) => ({
  read: channel.name.startsWith('bench-') && subscriber.id !== '',
}));
permissionsRouter.default(() => ({ read: true }));

/**
 * @param {import('wix-realtime-backend').Channel} channel
 * @param {import('wix-realtime-backend').Subscriber} subscriber
 */
export function realtime_check_permission(channel, subscriber) {
  return permissionsRouter.check(channel, subscriber);
}
