/**
 * The line between a page and the relay: a TCP proxy with every fault that a network has.
 *
 * Every test of a page has a link of its own, so that what it does to it disturbs no other. The address stays while
 * relays come and go behind it.
 *
 * @module
 */

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { LOOPBACK } from '../../../scripts/lib/ports.mjs';

/**
 * @typedef {import('node:net').Socket} Socket
 * @typedef {'toPage' | 'toRelay'} Direction
 * @typedef {{ page: Socket, relay: Socket }} Connection
 */

/** @type {readonly Direction[]} */
const BOTH = ['toPage', 'toRelay'];

export class Link {
  #server = createServer((socket) => this.#accept(socket));

  /** @type {Set<Connection>} */
  #connections = new Set();

  /** What is done with a new connection in place of carrying it. @type {((page: Socket) => void) | undefined} */
  #instead = undefined;

  /** @type {readonly Direction[]} */
  #silent = [];

  /** @type {{ delayMs: number, bytesPerSecond: number } | undefined} */
  #pace = undefined;

  /** When each connection was made, in the milliseconds of `performance.now()`. @type {number[]} */
  attempts = [];

  /** @param {() => URL} relay where the relay is now, asked for each connection */
  constructor(relay) {
    this.relay = relay;
  }

  /**
   * @param {() => URL} relay
   * @returns {Promise<Link>} on a port of its own
   */
  static async open(relay) {
    const link = new Link(relay);
    link.#server.listen(0, LOOPBACK);
    await once(link.#server, 'listening');
    return link;
  }

  /** What pages take for the relay's address. */
  get url() {
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    return `http://${LOOPBACK}:${port}`;
  }

  /** How many connections were made through it so far. */
  get accepted() {
    return this.attempts.length;
  }

  /** Ends all connections as a lost network would: without a word of WebSocket. */
  cut() {
    for (const { page, relay } of this.#connections) for (const socket of [page, relay]) socket.destroy();
  }

  /** Ends all connections by resets, as a NAT does that has forgotten them. */
  reset() {
    for (const { page, relay } of this.#connections) {
      for (const socket of [page, relay]) socket.resetAndDestroy();
    }
  }

  /** Ends all connections in TCP's good order, without a word of WebSocket. */
  finish() {
    for (const { page, relay } of this.#connections) for (const socket of [page, relay]) socket.end();
  }

  /** Ends every further connection as soon as it is made, until `mend`. */
  bar() {
    this.#instead = (page) => page.resetAndDestroy();
  }

  /**
   * Answers every further connection by these bytes in place of the relay, until `mend`, as a captive portal does.
   *
   * @param {string} bytes
   */
  answer(bytes) {
    this.#instead = (page) => page.once('data', () => page.end(bytes)).on('error', () => {});
  }

  /**
   * Carries nothing any more, connections still to come included, until `mend`. Nobody is told.
   *
   * @param {readonly Direction[]} [directions] both by default
   */
  silence(directions = BOTH) {
    this.#silent = directions;
    for (const connection of this.#connections) this.#hush(connection);
  }

  /** Carries nothing any more on the connections of now, for ever, and tells nobody; further ones are carried. */
  strand() {
    for (const { page, relay } of this.#connections) {
      for (const socket of [page, relay]) socket.pause().removeAllListeners('data');
    }
  }

  /**
   * Carries everything later and no faster than this on connections still to come.
   *
   * @param {{ delayMs: number, bytesPerSecond: number }} pace
   */
  slow(pace) {
    this.#pace = pace;
  }

  /** Carries everything again, what was held back included. */
  mend() {
    this.#instead = undefined;
    this.#silent = [];
    for (const { page, relay } of this.#connections) for (const socket of [page, relay]) socket.resume();
  }

  async close() {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** @param {Socket} page */
  #accept(page) {
    this.attempts.push(performance.now());
    if (this.#instead) {
      this.#instead(page);
      return;
    }
    const { hostname, port } = this.relay();
    const connection = { page, relay: connect({ host: hostname, port: Number(port) }) };
    this.#connections.add(connection);
    this.#join(connection, page, connection.relay);
    this.#join(connection, connection.relay, page);
    this.#hush(connection);
  }

  /** @param {Connection} connection */
  #hush({ page, relay }) {
    if (this.#silent.includes('toPage')) relay.pause();
    if (this.#silent.includes('toRelay')) page.pause();
  }

  /**
   * @param {Connection} connection
   * @param {Socket} from
   * @param {Socket} to
   */
  #join(connection, from, to) {
    const carry = this.#pace ? paced(this.#pace, to) : (/** @type {Buffer} */ data) => void to.write(data);
    from.setNoDelay(true);
    from.on('data', carry);
    from.on('end', () => to.end());
    // The loss of one end is all there is to say of it: the other one goes, too.
    from.on('error', () => {});
    from.on('close', () => {
      this.#connections.delete(connection);
      to.destroy();
    });
  }
}

/**
 * Writes what it is given late, and at a pace: each piece waits for its own bytes and for those before it.
 *
 * @param {{ delayMs: number, bytesPerSecond: number }} pace
 * @param {Socket} to
 * @returns {(data: Buffer) => void}
 */
function paced({ delayMs, bytesPerSecond }, to) {
  let freeAt = 0;
  return (data) => {
    freeAt = Math.max(freeAt, performance.now()) + (data.length * 1000) / bytesPerSecond;
    setTimeout(() => to.write(data), freeAt + delayMs - performance.now());
  };
}
