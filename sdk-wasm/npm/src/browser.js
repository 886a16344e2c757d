/**
 * What the client needs of a browser: sockets, a timer, and the events that say that the world has changed.
 *
 * What a socket brings is taken apart here, so that a message costs the border to the wasm two numbers on the way in and
 * one on the way out.
 *
 * @module
 */

/** RFC 6455 section 7.4.1: a connection that ended without a code. */
const NO_CODE = 1006;

/** The relay's sub-protocol: a test of the crate holds it to the one there. */
const SUB_PROTOCOL = 'realtime.v1.json';

/** @typedef {import('./glue.d.ts').Client} Client */

/** @typedef {(subscription: number, entry: any[]) => void} Deliver `[channel number, offset, payload, publisher?]` */

/** @type {{ url: string, socket: WebSocket } | undefined} */
let early;

/**
 * Begins to open a socket for a client that is still being compiled: the first connection to this address takes it.
 *
 * @param {string} url
 */
export function openEarly(url) {
  try {
    early = { url, socket: new WebSocket(url, SUB_PROTOCOL) };
  } catch {
    // The client will try the same, and tell.
  }
}

/** Closes the early socket if no connection has taken it. */
export function closeEarly() {
  early?.socket.close();
  early = undefined;
}

/**
 * The early socket, if it is of use.
 *
 * @param {string} url
 */
function takeEarly(url) {
  if (early?.url !== url || early.socket.readyState > WebSocket.OPEN) closeEarly();
  const taken = early?.socket;
  early = undefined;
  return taken;
}

/**
 * Opens a socket for a connection and tells the client what becomes of it.
 *
 * @param {Client} client
 * @param {Deliver} deliver
 * @param {() => string} address of the relay; may throw
 * @param {number} connection
 * @returns {WebSocket | undefined} nothing where the browser will not open it
 */
export function open(client, deliver, address, connection) {
  try {
    const url = address();
    const socket = takeEarly(url) ?? new WebSocket(url, SUB_PROTOCOL);
    // Browsers do not tell a page why it was not let in.
    let hint = `: does a relay run there, and does it allow pages of ${globalThis.location?.origin}?`;
    const opened = () => {
      hint = '';
      client.opened(connection);
    };
    if (socket.readyState === WebSocket.OPEN) queueMicrotask(opened);
    socket.addEventListener('open', opened);
    socket.addEventListener('message', ({ data }) => receive(client, deliver, connection, data));
    socket.addEventListener('close', ({ code, reason }) =>
      client.lost(connection, code, reason || `no connection to ${url}${hint}`),
    );
    return socket;
  } catch (thrown) {
    client.lost(connection, NO_CODE, /** @type {Error} */ (thrown).message);
    return undefined;
  }
}

/**
 * Takes a frame. What this version does not know is skipped, as the protocol wants it.
 *
 * @param {Client} client
 * @param {Deliver} deliver
 * @param {number} connection
 * @param {any} data
 */
function receive(client, deliver, connection, data) {
  let frame;
  try {
    frame = JSON.parse(data);
  } catch {
    return;
  }
  if (!Array.isArray(frame)) {
    client.notice(connection, frame);
  } else if (client.heard(connection)) {
    for (const entry of frame) {
      let to = client.accept(entry?.[0], entry?.[1]);
      for (; to; to = client.following(to)) deliver(to, entry);
    }
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Arms the one timer.
 *
 * @param {Client} client
 * @param {number} delayMs
 */
export function arm(client, delayMs) {
  clearTimeout(timer);
  timer = setTimeout(client.timer, delayMs);
}

/**
 * Tells the client when the network comes or goes, when the page becomes visible, thaws, or comes out of the back-forward
 * cache; and when it is left or frozen, since a browser keeps a page for the way back only if it has no connection, and a
 * connection that nobody reads costs the relay. For as long as the page lives.
 *
 * @param {Client} client
 */
export function watch({ wake, suspend }) {
  // Workers have no document.
  const { document } = globalThis;
  const onVisible = () => document.hidden || wake();
  for (const name of ['online', 'offline', 'pageshow']) addEventListener(name, wake);
  addEventListener('pagehide', suspend);
  document?.addEventListener('visibilitychange', onVisible);
  document?.addEventListener('resume', wake);
  document?.addEventListener('freeze', suspend);
}
