/**
 * A page of somebody who writes TypeScript, with what the compiler must refuse marked as such.
 */

import * as realtime from 'wix-realtime-frontend';
import wixRealtimeFrontend, {
  type Channel,
  close,
  configure,
  type Message,
  type MessageHandler,
  onConnected,
  onDisconnected,
  onError,
  type RealtimeError,
  type Settings,
  subscribe,
  unsubscribe,
} from 'wix-realtime-frontend';

interface Order {
  id: number;
  status: 'open' | 'sent';
}

const orders: Channel = { name: 'orders', resourceId: '17' };

// The payload of a handler is what the caller says it is.
const id: string = await subscribe<Order>(orders, ({ payload, publisher }, channel) => {
  const status: 'open' | 'sent' = payload.status;
  const who: string | undefined = publisher?.id;
  console.log(status, who, channel.name, channel.resourceId?.length);
  // @ts-expect-error an order has no price
  payload.price;
  // @ts-expect-error a number is no status
  payload.status = 1;
});

// Without a type argument it is anything, as in JavaScript.
await wixRealtimeFrontend.subscribe({ name: 'chat' }, (message) => message.payload.text.length);

// Handlers of one's own have a type too, and may leave out what they do not need.
const show: MessageHandler<Order> = ({ payload }: Message<Order>) => console.log(payload.id);
await realtime.subscribe(orders, show);
await realtime.subscribe<Order>({ name: 'orders' }, () => {});

// Objects that are frozen or come from elsewhere are channels as well.
await subscribe(Object.freeze({ name: 'news' } as const), () => {});

await unsubscribe({ subscriptionId: id });
await unsubscribe({ channel: orders });
onConnected(() => {});
onDisconnected(() => {});
onError((error: RealtimeError) => {
  const code: number = error.errorCode;
  const recoverable: boolean = error.recoverable;
  console.log(code, recoverable, error.message, error.channel?.name, error.status);
});

const settings: Settings = { url: 'https://relay.example.com', getToken: async () => null };
configure(settings);
configure({ token: 'aaa.bbb.ccc' });
close();

// @ts-expect-error a channel is an object
await subscribe('orders', () => {});
// @ts-expect-error a channel has a name
await subscribe({ resourceId: '17' }, () => {});
// @ts-expect-error a resource id is text
await subscribe({ name: 'orders', resourceId: 17 }, () => {});
// @ts-expect-error without a handler nothing could arrive
await subscribe({ name: 'orders' });
// @ts-expect-error a handler takes the message first
await subscribe(orders, (text: string) => text);
// @ts-expect-error it resolves to an id
const subscription: () => void = await subscribe(orders, () => {});
// @ts-expect-error it must be told what to end
await unsubscribe();
// @ts-expect-error an address is text
configure({ url: 8787 });
// @ts-expect-error a token is asked for by a function
configure({ getToken: 'aaa.bbb.ccc' });
// @ts-expect-error handlers are functions
onConnected('connected');

export { subscription };
