/**
 * The line between a page and the relay: a TCP proxy that can be cut, barred or made to fall silent.
 *
 * Every test of a page has a link of its own, so that what it does to it disturbs no other. The address stays while
 * relays come and go behind it.
 *
 * @module
 */

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { LOOPBACK } from '../../../scripts/lib/ports.mjs';

/** @typedef {import('node:net').Socket} Socket */

export class Link {
  #server = createServer((socket) => this.#accept(socket));

  /** @type {Set<Socket>} both ends of each connection */
  #sockets = new Set();

  /** @type {() => URL} */
  #relay;

  #isBarred = false;
  #isSilent = false;

  /** How many connections were made through it so far. */
  accepted = 0;

  /** @param {() => URL} relay where the relay is now, asked for each connection */
  constructor(relay) {
    this.#relay = relay;
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

  /** Ends all connections as a lost network would: without a word of WebSocket. */
  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends every further connection as soon as it is made, until `mend`. */
  bar() {
    this.#isBarred = true;
  }

  /** Carries nothing any more in either direction, connections still to come included, until `mend`. */
  silence() {
    this.#isSilent = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Carries everything again, what was held back included. */
  mend() {
    this.#isBarred = false;
    this.#isSilent = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async close() {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** @param {Socket} page */
  #accept(page) {
    this.accepted += 1;
    if (this.#isBarred) {
      page.destroy();
      return;
    }
    const { hostname, port } = this.#relay();
    const relay = connect({ host: hostname, port: Number(port) });
    this.#join(page, relay);
    this.#join(relay, page);
  }

  /**
   * @param {Socket} from
   * @param {Socket} to
   */
  #join(from, to) {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (data) => to.write(data));
    from.on('end', () => to.end());
    // The loss of one end is all there is to say of it: the other one goes, too.
    from.on('error', () => {});
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    if (this.#isSilent) from.pause();
  }
}
