/**
 * A backend of somebody who writes TypeScript, with what the compiler must refuse marked as such.
 */

import { createServer } from 'node:http';
import * as backend from 'wix-realtime-backend';
import wixRealtimeBackend, {
  type Channel,
  type ChannelPermissions,
  configure,
  createSessionToken,
  currentIdentity,
  disconnect,
  type Identity,
  type PermissionsEndpoint,
  permissionsEndpoint,
  permissionsRouter,
  publish,
  publisher,
  recheckPermissions,
  runAs,
  type Subscriber,
  site,
  verifySessionToken,
} from 'wix-realtime-backend';
import {
  type CheckSubscriberPermissions,
  realtimePermissionsProvider,
} from 'wix-realtime-backend/service-plugins';
import { Permissions, webMethod } from 'wix-web-module';

const orders: Channel = { name: 'orders', resourceId: '17' };

const published: Promise<void> = publish(orders, { status: 'sent' });
await published;
await wixRealtimeBackend.publish(orders, null, { users: ['anna'], includePublisher: true });
await backend.publish(Object.freeze({ name: 'news' } as const), [1, 2, 3], null);
await publisher.publish(orders, { status: 'sent' });

permissionsRouter.default(() => ({ read: true }));
permissionsRouter.add({ name: 'staff' }, (channel, subscriber) => ({
  read: channel.resourceId === undefined && subscriber.type !== 'Visitor',
}));
permissionsRouter.add({ name: 'later' }, async () => ({}));
export async function realtime_check_permission(
  channel: Channel,
  subscriber: Subscriber,
): Promise<ChannelPermissions> {
  return permissionsRouter.check(channel, subscriber);
}

// The types of a web method are those of its function.
export const say = webMethod(Permissions.SiteMember, async (text: string, times = 1) => {
  const { id }: Identity = currentIdentity() ?? { id: 'nobody', type: 'Visitor' };
  await publish({ name: 'chat' }, { text: text.repeat(times), id });
  return text.length;
});
const length: number = await say('Hello!', 2);

configure({ url: 'http://127.0.0.1:8787', apiKey: 'dev', retry: { deadlineMs: 5000 }, fetch });
const token: string = createSessionToken({ id: 'anna', type: 'Member', ttlSeconds: 60 });
const identity: Identity | undefined = verifySessionToken(token);
const answer: number = runAs({ id: 'anna' }, () => 42);

// What changes while pages are connected.
const { subscriptions }: { subscriptions: number } = await recheckPermissions({ channel: { name: 'staff' } });
const { sessions }: { sessions: number } = await disconnect('anna', { comeBack: true, reason: 'a new role' });
await site.publish(orders, { status: 'sent' });
site.permissionsRouter.default(() => ({}));

// The relay's questions, by the servers that there are.
const endpoint: PermissionsEndpoint = permissionsEndpoint({
  secret: ['new', 'old'],
  check: realtime_check_permission,
});
createServer((request, response) => void endpoint.node(request, response));
const answered: Promise<Response> = endpoint.fetch(new Request('http://127.0.0.1/'));
const check: CheckSubscriberPermissions = ({ request, metadata }) => ({
  read: request.subscriber.type === 'ADMIN' || metadata.identity?.memberId === request.channel.resourceId,
});
realtimePermissionsProvider.provideHandlers({ checkSubscriberPermissions: check });

// @ts-expect-error the plugin answers a boolean
realtimePermissionsProvider.provideHandlers({ checkSubscriberPermissions: () => ({ read: 'yes' }) });
// @ts-expect-error a user is named by an id
await disconnect({ id: 'anna' });
// @ts-expect-error a channel is an object
await recheckPermissions({ channel: 'staff' });
// @ts-expect-error a channel is an object
await publish('orders', {});
// @ts-expect-error without a payload nothing can be published
await publish(orders);
// @ts-expect-error users are a list
await publish(orders, {}, { users: 'anna' });
// @ts-expect-error the newer surface takes objects only
await publisher.publish(orders, 'text');
// @ts-expect-error a handler answers an object
permissionsRouter.add(orders, () => true);
// @ts-expect-error whether somebody may read is a boolean
permissionsRouter.default(() => ({ read: 'yes' }));
// @ts-expect-error there is no such permission
webMethod('Everyone', () => {});
// @ts-expect-error the function takes a text
await say(1);
// @ts-expect-error there is no such type of user
createSessionToken({ id: 'anna', type: 'Owner' });

export { answer, answered, identity, length, sessions, subscriptions };
