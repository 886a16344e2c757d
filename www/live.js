/**
 * The page's way to the relay: what it listens to, and whether it is connected.
 *
 * Everything else here is a thin layer over `wix-realtime-frontend`, which reconnects and re-subscribes by itself.
 * What this module adds is what only the page can know: that a first attempt which found no relay is worth another
 * one, and that after a change of identity everything starts anew.
 *
 * @module
 */

import { isSameChannel } from 'public/channels.js';
import wixRealtimeFrontend, { close, subscribe } from 'wix-realtime-frontend';

/**
 * @typedef {import('public/channels.js').Channel} Channel
 * @typedef {import('wix-realtime-frontend').Message} Message
 * @typedef {import('wix-realtime-frontend').RealtimeError} RealtimeError
 * @typedef {{ kind: 'waiting' } | { kind: 'listening' } | { kind: 'refused', error: RealtimeError }} ListenerState
 * @typedef {{
 *   channel: Channel,
 *   onMessage: (message: Message) => void,
 *   onState: (state: ListenerState) => void,
 * }} Listener
 * @typedef {'connecting' | 'connected' | 'reconnecting' | 'ended'} ConnectionState
 */

/** The error code that says "no connection". */
const CONNECTION_ERROR = 1;

/** The wait before another first attempt: short enough for a relay that is just starting. */
const RETRY_MS = 1500;

/** @type {Listener[]} */
const listeners = [];

/** @type {(state: ConnectionState) => void} */
let tellWatcher = () => {};

/** Counts the restarts, so that an attempt that was overtaken by one does not speak up any more. */
let generation = 0;

/**
 * Listens to a channel for as long as the page is open, and says how that goes.
 *
 * @param {Listener} listener
 */
export function listen(listener) {
  listeners.push(listener);
  void attempt(listener, generation);
}

/** Drops the connection and listens to everything anew, under whatever identity the session has by now. */
export function restart() {
  generation += 1;
  close();
  tellWatcher('connecting');
  for (const listener of listeners) void attempt(listener, generation);
}

/**
 * Tells about every change of the connection, the first one included.
 *
 * @param {(state: ConnectionState) => void} handler
 */
export function watchConnection(handler) {
  tellWatcher = handler;
  handler('connecting');
  wixRealtimeFrontend.onConnected(() => handler('connected'));
  wixRealtimeFrontend.onDisconnected(() => handler('reconnecting'));
  wixRealtimeFrontend.onError(({ errorCode, recoverable }) => {
    if (errorCode === CONNECTION_ERROR && !recoverable) handler('ended');
  });
}

/**
 * @param {Listener} listener
 * @param {number} asOf the generation in which the attempt counts
 */
async function attempt(listener, asOf) {
  if (asOf !== generation) return;
  listener.onState({ kind: 'waiting' });
  try {
    await subscribe(listener.channel, listener.onMessage);
    if (asOf === generation) listener.onState({ kind: 'listening' });
  } catch (cause) {
    if (asOf === generation) fail(listener, /** @type {RealtimeError} */ (cause));
  }
}

/**
 * @param {Listener} listener
 * @param {RealtimeError} error
 */
function fail(listener, error) {
  if (error.recoverable) setTimeout(attempt, RETRY_MS, listener, generation);
  const isOnlyLate = error.recoverable && error.errorCode === CONNECTION_ERROR;
  if (!isOnlyLate) listener.onState({ kind: 'refused', error });
}

// A subscription that was live can end later: refused when the page came back, or by a change of the permissions.
wixRealtimeFrontend.onError((error) => {
  const { channel, recoverable } = error;
  if (!channel || recoverable) return;
  const concerned = listeners.filter((listener) => isSameChannel(listener.channel, channel));
  for (const listener of concerned) listener.onState({ kind: 'refused', error });
});
