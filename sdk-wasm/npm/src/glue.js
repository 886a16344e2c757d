/**
 * The wasm's own JavaScript, which the build writes.
 *
 * @module
 */
import {
  accept,
  close,
  following,
  heard,
  identified,
  lost,
  notice,
  opened,
  reconnect,
  start,
  subscribe,
  suspend,
  timer,
  unidentified,
  unsubscribe,
  wake,
} from '../wasm/wix_realtime_frontend.js';

export { begin, imports } from '../wasm/wix_realtime_frontend.js';

/** The client's functions: an object of its own, since bundlers write a namespace as one of getters. */
export const client = {
  accept,
  close,
  following,
  heard,
  identified,
  lost,
  notice,
  opened,
  reconnect,
  start,
  subscribe,
  suspend,
  timer,
  unidentified,
  unsubscribe,
  wake,
};
