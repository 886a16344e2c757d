/** Who may read what while the HTTP API is tested: one handler for each way in which a question can end. */
import { permissionsRouter } from 'wix-realtime-backend';

permissionsRouter.add({ name: 'staff' }, (_channel, subscriber) => ({ read: subscriber.type === 'Member' }));
permissionsRouter.add({ name: 'broken' }, (channel) => {
  console.log('asked for', channel);
  throw new Error('this handler always throws');
});
permissionsRouter.default(() => ({ read: true }));

/**
 * @param {import('wix-realtime-backend').Channel} channel
 * @param {import('wix-realtime-backend').Subscriber} subscriber
 */
export function realtime_check_permission(channel, subscriber) {
  return permissionsRouter.check(channel, subscriber);
}
