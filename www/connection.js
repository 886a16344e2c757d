/**
 * The connection indicator.
 *
 * @module
 */

import { byId, find } from './dom.js';
import { watchConnection } from './live.js';

/** @type {Record<import('./live.js').ConnectionState, string>} */
const TEXTS = {
  connecting: 'Connecting…',
  connected: 'Connected',
  reconnecting: 'Disconnected, reconnecting…',
  ended: 'Disconnected',
};

/** Shows what the connection does from now on; the whole page can be styled by `<html data-connection>`. */
export function startIndicator() {
  const text = find(byId('connection', HTMLElement), '.text', HTMLElement);
  watchConnection((state) => {
    document.documentElement.dataset.connection = state;
    text.textContent = TEXTS[state];
  });
}
