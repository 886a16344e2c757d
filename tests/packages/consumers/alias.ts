/**
 * Code that imports the older name: everything is there, and is the same.
 */

import * as realtime from 'wix-realtime';
import wixRealtime, { type Channel, type RealtimeError, subscribe } from 'wix-realtime';
import type * as frontend from 'wix-realtime-frontend';

const channel: Channel = { name: 'chat' };
await subscribe<{ text: string }>(channel, ({ payload }) => payload.text.length);
await wixRealtime.subscribe(channel, ({ payload }) => payload.anything);
realtime.onError(({ errorCode }: RealtimeError) => console.log(errorCode));

// Nothing is missing and nothing is another type.
const same: typeof frontend = realtime;
const byDefault: typeof frontend.default = wixRealtime;

// @ts-expect-error a channel is an object
await subscribe('chat', () => {});

export { byDefault, same };
