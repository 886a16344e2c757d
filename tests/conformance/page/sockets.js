/**
 * What the SDK does on the wire, as the page itself can see it.
 *
 * @module
 */

/** @type {Socket[]} */
let opened = [];

/** The browser's own socket, which also notes what is sent and what comes. */
class Socket extends WebSocket {
  /** @type {string[]} */
  sent = [];
  /** @type {string[]} */
  received = [];

  /**
   * @param {string | URL} url
   * @param {string | string[]} [protocols]
   */
  constructor(url, protocols) {
    super(url, protocols);
    opened.push(this);
    this.addEventListener('message', ({ data }) => this.received.push(data));
  }

  /**
   * @override
   * @param {any} data
   */
  send(data) {
    this.sent.push(data);
    super.send(data);
  }
}

globalThis.WebSocket = Socket;

/** The sockets that were opened since the test began. */
export const sockets = () => opened;

/** The frames of a type that were sent since the test began, on all sockets. */
export const sentFrames = (/** @type {string} */ type) =>
  opened.flatMap(({ sent }) => sent.map((text) => JSON.parse(text))).filter((frame) => frame.type === type);

/** Forgets all sockets so far. */
export function forgetSockets() {
  opened = [];
}
