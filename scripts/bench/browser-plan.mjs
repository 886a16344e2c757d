/**
 * What the report measures in browsers: on which clients, and what each measurement is about.
 */

/** The browsers, by the names that drivers know. */
export const BROWSERS = /** @type {const} */ (['Chromium', 'Firefox']);

/** The clients in the order of the columns: as the page names them, and as people do. */
export const CLIENTS = /** @type {const} */ ({
  relay: 'our SDK',
  centrifuge: 'centrifuge-js',
  pusher: 'pusher-js',
  plain: 'plain JavaScript',
  events: 'wasm, events',
  stream: 'wasm, gloo-net’s stream',
});

/** @typedef {keyof typeof CLIENTS} Client */

/** Those whose download is weighed. */
export const WEIGHED = /** @type {const} */ (['relay', 'centrifuge', 'pusher']);

/** So many messages in a frame are what the relay makes of a burst. */
export const TOGETHER = 64;

/** The figure that compares a client with ours by what was measured right after one another, in one page. */
export const PAIRED = 'our SDK to it';

/** As many messages as memory is watched over. */
export const MEMORY_MESSAGES = 1_000_000;

/**
 * @typedef {object} InBrowser
 * @property {string} id short, in figures.json behind the browser's name; never given to another one
 * @property {string} title
 * @property {string} does what happens in it, in a sentence or two
 * @property {Client[]} clients
 * @property {string} headline the figure that stands for it
 * @property {boolean} [isRated] whether a ratio of it says anything (true)
 */

/** @type {InBrowser[]} */
export const IN_BROWSER = [
  {
    id: 'start',
    title: 'From a page’s script to the first subscription',
    does:
      'A fresh page loads the client’s bundle from loopback and subscribes; nothing is cached. The time ends when the ' +
      'client says that it is subscribed.',
    clients: ['relay', 'centrifuge', 'pusher', 'plain'],
    headline: 'until subscribed',
  },
  {
    id: 'joined',
    title: `Messages handled a second, ${TOGETHER} to a frame`,
    does:
      'Small messages to one handler, joined as the relay joins what a channel has collected, and for centrifuge-js as ' +
      'its own server joins: JSON on lines. pusher-js has no such frames.',
    clients: ['relay', 'centrifuge', 'plain', 'events', 'stream'],
    headline: 'messages',
  },
  {
    id: 'single',
    title: 'Messages handled a second, one to a frame',
    does: 'The same messages, each in a frame of its own: what the browser’s event for every frame costs.',
    clients: ['relay', 'centrifuge', 'pusher', 'plain', 'events', 'stream'],
    headline: 'messages',
  },
  {
    id: 'memory',
    title: 'Memory after a million messages',
    does:
      'Bytes that the page holds after garbage collection: after 100,000 messages, and what a million more have added. ' +
      'The wasm’s own memory is told apart.',
    clients: ['relay', 'centrifuge'],
    headline: 'added to the heap',
    isRated: false,
  },
];

/**
 * @param {string} id
 * @returns {readonly Client[]} that a measurement is about
 */
export const clientsOf = (id) => IN_BROWSER.find((measurement) => measurement.id === id)?.clients ?? [];

/**
 * The figures' id of a measurement in a browser.
 *
 * @param {typeof BROWSERS[number]} browser
 * @param {string} id
 */
export const measuredId = (browser, id) => `${browser.toLowerCase()}-${id}`;
