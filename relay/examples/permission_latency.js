// Whose decisions are measured: one channel that a handler decides about, after a promise, and a default for others.
import { permissionsRouter } from 'wix-realtime-backend';

permissionsRouter.default(() => ({ read: true }));
permissionsRouter.add({ name: 'staff' }, async (_channel, subscriber) => ({
  read: subscriber.type === 'Member',
}));

export function realtime_check_permission(channel, subscriber) {
  return permissionsRouter.check(channel, subscriber);
}
