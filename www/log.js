/**
 * A list of messages: the newest below, the view at the bottom unless the reader has scrolled up.
 *
 * @module
 */

import { find, make } from './dom.js';
import { formatJson } from './json.js';

/** @typedef {import('wix-realtime-frontend').Message<unknown>} Message */

/** How many messages a list keeps: enough to scroll back a while, bounded for a page that stays open for weeks. */
const MAX_MESSAGES = 200;

/** How near to the end, in pixels, counts as reading along. */
const NEAR_END_PX = 40;

/** How much of a publisher's id is shown: enough to tell two apart. */
const SHORT_ID_CHARS = 8;

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });

/** The messages in an element of the class `log`, which holds an `<ol>` and a hint for the empty list. */
export class MessageLog {
  #scroller;
  #list;
  #hint;
  #emptyText;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#scroller = root;
    // Not every browser lets the keyboard reach what scrolls.
    root.tabIndex = 0;
    this.#list = find(root, 'ol', HTMLOListElement);
    this.#hint = find(root, '.hint', HTMLElement);
    this.#emptyText = this.#hint.textContent;
  }

  /**
   * Appends a message, whatever its payload is; the oldest goes when the list is full.
   *
   * @param {Message} message
   * @param {string} ownId the id under which this page publishes
   */
  add(message, ownId) {
    const isReadingAlong = this.#distanceToEnd() <= NEAR_END_PX;
    this.#list.append(entryOf(message, ownId));
    if (this.#list.childElementCount > MAX_MESSAGES) this.#list.firstElementChild?.remove();
    this.#hint.hidden = true;
    if (isReadingAlong) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /**
   * Tells, in place of the hint, why nothing will arrive.
   *
   * @param {import('./live.js').ListenerState} state
   */
  showState(state) {
    const isRefused = state.kind === 'refused';
    this.#scroller.dataset.state = state.kind;
    this.#hint.textContent = isRefused ? `Refused: ${state.error.message}` : this.#emptyText;
    this.#hint.hidden = !isRefused && this.#list.childElementCount > 0;
  }

  #distanceToEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight;
  }
}

/**
 * @param {Message} message
 * @param {string} ownId
 */
function entryOf({ payload, publisher }, ownId) {
  const now = new Date();
  const time = make('time', '', CLOCK.format(now));
  time.dateTime = now.toISOString();
  if (!isChat(payload)) {
    return make('li', 'entry', make('p', 'byline', make('span', 'tag', 'JSON'), time), jsonOf(payload));
  }
  const byline = make('p', 'byline', make('strong', 'author', payload.author));
  if (publisher) byline.append(publisherOf(publisher.id, ownId));
  byline.append(time);
  return make('li', 'entry', byline, make('p', 'text', payload.text));
}

/** @param {unknown} payload */
function jsonOf(payload) {
  return make('pre', 'payload', make('code', '', formatJson(payload)));
}

/**
 * @param {string} id
 * @param {string} ownId
 */
function publisherOf(id, ownId) {
  const isOwn = id === ownId;
  const label = isOwn
    ? make('span', 'publisher own', 'you')
    : make('span', 'publisher', id.slice(0, SHORT_ID_CHARS));
  label.title = `publisher.id ${id}`;
  return label;
}

/**
 * Whether a payload has exactly the shape that the demo's own backend publishes. Any other value, also one with
 * further keys, is shown as the JSON that it is.
 *
 * @param {unknown} payload
 * @returns {payload is { author: string, text: string }}
 */
function isChat(payload) {
  if (typeof payload !== 'object' || payload === null || Object.keys(payload).length !== 2) return false;
  const { author, text } = /** @type {{ author?: unknown, text?: unknown }} */ (payload);
  return typeof author === 'string' && typeof text === 'string';
}
