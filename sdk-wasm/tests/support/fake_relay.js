/**
 * A relay inside the page: a `WebSocket` that answers by itself, so that tests decide what comes when.
 *
 * @module
 */

/** @type {Set<FakeSocket>} */
const sockets = new Set();

/** @type {Map<string, { number: number, offset: number }>} */
const streams = new Map();

/** The life of all streams. */
let epoch = 'e';

/** @type {string[]} */
let sent = [];

/** The statuses that channels are refused with. */
/** @type {Map<string, number>} */
const refused = new Map();

let closesWith = 0;

/** How many connections were begun. */
let begun = 0;

/** For how long a token holds. */
let tokenMs = Number.POSITIVE_INFINITY;

/** A token that has expired before it is given. */
export const EXPIRED_TOKEN = 'expired';

class FakeSocket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;

  /**
   * @param {string} address
   * @param {string} protocol
   */
  constructor(address, protocol) {
    super();
    if (!address.startsWith('ws')) throw new DOMException(`no such address: ${address}`, 'SyntaxError');
    this.protocol = protocol;
    this.readyState = FakeSocket.CONNECTING;
    /** @type {Set<string>} */
    this.held = new Set();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.tokenEnd = undefined;
    begun += 1;
    sockets.add(this);
    setTimeout(() => {
      if (closesWith > 0) return this.end(closesWith, 'told to');
      this.readyState = FakeSocket.OPEN;
      this.dispatchEvent(new Event('open'));
    }, 0);
  }

  /** @param {string} text */
  send(text) {
    if (typeof text !== 'string') throw new TypeError('not a text');
    sent.push(text);
    const frame = JSON.parse(text);
    setTimeout(() => this.answer(frame), 0);
  }

  /** As a browser does it, the event comes when whoever has closed it may have another one already. */
  close() {
    if (this.readyState === FakeSocket.CLOSED) return;
    this.leave();
    setTimeout(() => this.dispatchEvent(new CloseEvent('close', { code: 1006, reason: '' })), 0);
  }

  leave() {
    this.readyState = FakeSocket.CLOSED;
    clearTimeout(this.tokenEnd);
    sockets.delete(this);
  }

  /** @param {any} frame */
  answer(frame) {
    if (frame.type === 'hello') {
      const heartbeat = { intervalMs: 25000, timeoutMs: 10000 };
      const subscriber = { id: 'me', type: frame.token ? 'Member' : 'Visitor' };
      const visitorToken = frame.token ? undefined : 'visitor-token';
      this.take(frame.token, { type: 'welcome', session: 's', subscriber, visitorToken, heartbeat });
    } else if (frame.type === 'refresh') {
      this.take(frame.token, { type: 'refreshed' });
    } else if (frame.type === 'subscribe') {
      this.subscribe(frame);
    } else if (frame.type === 'unsubscribe') {
      this.held.delete(keyOf(frame.channel));
      this.say({ type: 'unsubscribed', id: frame.id });
    }
  }

  /**
   * Lets a token hold for its time, unless it has expired already.
   *
   * @param {string | undefined} token
   * @param {object} answer
   */
  take(token, answer) {
    clearTimeout(this.tokenEnd);
    if (token === EXPIRED_TOKEN) return this.end(4006, 'the token has expired');
    if (!token || !Number.isFinite(tokenMs)) return this.say(answer);
    this.say({ ...answer, expiresInMs: tokenMs });
    this.tokenEnd = setTimeout(() => this.end(4006, 'the token has expired'), tokenMs);
  }

  /** @param {any} frame */
  subscribe({ id, channel, position }) {
    const key = keyOf(channel);
    const status = refused.get(key);
    if (status !== undefined) {
      this.say({ type: 'refused', id, code: 2, status, message: `not allowed to read channel ${key}` });
      return;
    }
    const { number, offset } = streamOf(key);
    this.held.add(key);
    const recovered = position === undefined ? {} : { recovered: position.epoch === epoch };
    this.say({ type: 'subscribed', id, number, position: { epoch, offset }, ...recovered });
  }

  /** @param {unknown} frame */
  say(frame) {
    this.hear(JSON.stringify(frame));
  }

  /** @param {unknown} data */
  hear(data) {
    if (this.readyState === FakeSocket.OPEN) this.dispatchEvent(new MessageEvent('message', { data }));
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  end(code, reason) {
    this.leave();
    this.dispatchEvent(new CloseEvent('close', { code, reason }));
  }
}

/** @param {{ name: string, resourceId?: string }} channel */
const keyOf = ({ name, resourceId }) => (resourceId ? `${name}/${resourceId}` : name);

/** @param {string} key */
function streamOf(key) {
  const stream = streams.get(key) ?? { number: streams.size + 1, offset: 0 };
  streams.set(key, stream);
  return stream;
}

/** Puts this relay in the place of the browser's sockets, as if nothing had happened yet. */
export function install() {
  for (const socket of sockets) socket.end(1001, 'the test is over');
  sockets.clear();
  streams.clear();
  refused.clear();
  sent = [];
  epoch = 'e';
  closesWith = 0;
  begun = 0;
  tokenMs = Number.POSITIVE_INFINITY;
  globalThis.WebSocket = /** @type {any} */ (FakeSocket);
}

/**
 * Publishes payloads, given as JSON, in one frame.
 *
 * @param {string} key of a channel
 * @param {string[]} payloads
 */
export function publish(key, payloads) {
  const stream = streamOf(key);
  const messages = payloads.map((payload) => {
    stream.offset += 1;
    return `[${stream.number},${stream.offset},${payload}]`;
  });
  tell(key, `[${messages.join(',')}]`);
}

/**
 * Publishes a payload on behalf of someone.
 *
 * @param {string} key of a channel
 * @param {string} payload
 * @param {string} publisher
 */
export function publish_as(key, payload, publisher) {
  const stream = streamOf(key);
  stream.offset += 1;
  tell(key, `[[${stream.number},${stream.offset},${payload},${JSON.stringify(publisher)}]]`);
}

/**
 * @param {string} key of a channel
 * @param {string} text
 */
function tell(key, text) {
  for (const socket of sockets) if (socket.held.has(key)) socket.hear(text);
}

/**
 * Sends something to everyone as it is.
 *
 * @param {unknown} data
 */
export function send_raw(data) {
  for (const socket of sockets) socket.hear(data);
}

/**
 * Ends all connections.
 *
 * @param {number} code
 * @param {string} reason
 */
export function cut(code, reason) {
  for (const socket of [...sockets]) socket.end(code, reason);
}

/**
 * Refuses a channel from now on.
 *
 * @param {string} key of a channel
 * @param {number} [status]
 */
export function refuse(key, status = 403) {
  refused.set(key, status);
}

/**
 * Refuses a channel no more.
 *
 * @param {string} key of a channel
 */
export function allow(key) {
  refused.delete(key);
}

/** Forgets all messages, as a relay does that was started anew. */
export function forget() {
  epoch += 'e';
}

/**
 * Ends each new connection with this code from now on; 0 lets them in again.
 *
 * @param {number} code
 */
export function refuse_connections(code) {
  closesWith = code;
}

/**
 * Takes tokens for this long from now on.
 *
 * @param {number} ms
 */
export function take_tokens_for(ms) {
  tokenMs = ms;
}

/** How many connections there are. */
export const connections = () => sockets.size;

/** How many connections were begun since this relay was put in its place. */
export const attempts = () => begun;

/** What the clients have sent, as JSON. */
export const sent_frames = () => sent;

/** A function that throws. */
export function throwing() {
  throw new Error('a handler that throws');
}

/** Collects what is reported to the console from now on. */
export function watch_console() {
  /** @type {unknown[][]} */
  const lines = [];
  const { error } = console;
  console.error = (...line) => {
    lines.push(line);
    error.apply(console, line);
  };
  return lines;
}

/**
 * @param {unknown} value
 * @returns {unknown}
 */
export const structured_clone = (value) => structuredClone(value);
