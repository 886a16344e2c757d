/**
 * A page that uses `subscriber`, by each name under which it can be had.
 */
import { subscriber as fromAlias } from '@wix/realtime';
import { subscriber as fromOlderName } from 'wix-realtime/subscriber';
import wixRealtimeFrontend, {
  RealtimeError as ErrorClass,
  subscriber as fromRoot,
} from 'wix-realtime-frontend';
import {
  type ErrorCode,
  RealtimeError,
  type SubscribeOptions,
  type SubscriberChannel,
  subscriber,
} from 'wix-realtime-frontend/subscriber';

interface Order {
  id: number;
  status: 'open' | 'sent';
}

const orders: SubscriberChannel = { name: 'orders', resourceId: '17', appId: 'mine' };

// The id is there at once.
const id: string = subscriber.subscribe<Order>(orders, ({ payload }, channel) => {
  const status: 'open' | 'sent' = payload.status;
  console.log(status, channel.appId);
  // @ts-expect-error an order has no price
  payload.price;
});

const options: SubscribeOptions = {
  onSubscribed: (subscriptionId, isSynced) => console.log(subscriptionId.length, isSynced === true),
  onSubscriptionError(error, subscriptionId) {
    const code: ErrorCode = error.errorCode;
    if (code === 'SUBSCRIPTION_FAILED')
      console.log(error.status?.toFixed(), error.recoverable, subscriptionId);
    // @ts-expect-error there is no such code
    if (error.errorCode === 'TIMEOUT') return;
  },
};
subscriber.subscribe(orders, (message) => message.payload.anything, options);
subscriber.unsubscribe({ subscriptionId: id });
subscriber.unsubscribe({ channel: orders });

// One thing by all names.
const same: (typeof subscriber)[] = [fromAlias, fromOlderName, fromRoot, wixRealtimeFrontend.subscriber];
const sameClass: typeof RealtimeError = ErrorClass;

try {
  // @ts-expect-error a channel is an object
  subscriber.subscribe('orders', () => {});
} catch (error) {
  if (error instanceof RealtimeError && error.errorCode === 'BAD_INPUT') console.log(error.channel?.name);
}

// @ts-expect-error it returns the id, not a promise
subscriber.subscribe(orders, () => {}).then(() => {});
// @ts-expect-error callbacks are functions
subscriber.subscribe(orders, () => {}, { onSubscribed: true });
// @ts-expect-error it must be told what to end
subscriber.unsubscribe();

export { same, sameClass };
