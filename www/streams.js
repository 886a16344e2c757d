/**
 * Part 2: two channels and two resources side by side. Whatever is sent in one stays in that one.
 *
 * @module
 */

import { GARDEN, KITCHEN, POND, ROSES, spell } from 'public/channels.js';
import { startComposer } from './composer.js';
import { byId, find, make, stamp } from './dom.js';
import { ownId } from './identity.js';
import { listen } from './live.js';
import { MessageLog } from './log.js';

/** @typedef {import('public/channels.js').Channel} Channel */

/** How long a stream stays marked after a message. */
const MARKED_MS = 1200;

/** Starts part 2. */
export function startStreams() {
  const panes = [KITCHEN, GARDEN, ROSES, POND].map(paneOf);
  byId('streams', HTMLElement).replaceChildren(...panes);
}

/** @param {Channel} channel */
function paneOf(channel) {
  const pane = stamp('stream-template');
  const form = find(pane, 'form', HTMLFormElement);
  const log = new MessageLog(find(pane, '.log', HTMLElement));
  const count = find(pane, '.count', HTMLElement);
  label(pane, channel);
  startComposer(form, [channel]);

  let received = 0;
  listen({
    channel,
    onMessage: (message) => {
      received += 1;
      count.textContent = String(received);
      count.title = received === 1 ? '1 message' : `${received} messages`;
      log.add(message, ownId());
      mark(pane);
      announce(channel, received);
    },
    onState: (state) => log.showState(state),
  });
  return pane;
}

/**
 * @param {HTMLElement} pane
 * @param {Channel} channel
 */
function label(pane, channel) {
  const name = spell(channel);
  const { resourceId } = channel;
  pane.dataset.channel = name;
  find(pane, 'h3', HTMLElement).replaceChildren(
    ...(resourceId ? [make('span', 'parent', `${channel.name} / `), resourceId] : [name]),
  );
  find(pane, '.kind', HTMLElement).textContent = resourceId ? 'Resource' : 'Channel';
  find(pane, '.log', HTMLElement).setAttribute('aria-label', `Messages on ${name}`);
  find(pane, 'input', HTMLInputElement).setAttribute('aria-label', `Message to ${name}`);
  find(pane, 'button', HTMLButtonElement).setAttribute('aria-label', `Send to ${name}`);
}

/** @param {HTMLElement} pane */
function mark(pane) {
  const until = Date.now() + MARKED_MS;
  pane.dataset.markedUntil = String(until);
  setTimeout(() => {
    if (pane.dataset.markedUntil === String(until)) delete pane.dataset.markedUntil;
  }, MARKED_MS);
}

/**
 * One line for screen readers, instead of four lists that speak at the same time.
 *
 * @param {Channel} channel
 * @param {number} received
 */
function announce(channel, received) {
  byId('streams-status', HTMLElement).textContent = `Message ${received} on ${spell(channel)}`;
}
