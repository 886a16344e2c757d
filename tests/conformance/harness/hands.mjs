/**
 * What the tests in a page cannot do themselves: the backend's part, the network's, and the operator's.
 *
 * Pages call these by `POST /hands/NAME` with their arguments as JSON.
 *
 * @module
 */

import { configure, disconnect, publish, publisher, runAs } from '../../../sdk-backend/src/index.js';
import { Link } from './link.mjs';
import { API_KEY, PERMISSIONS } from './relay.mjs';
import { signToken } from './token.mjs';

/**
 * @typedef {import('./relay.mjs').Relay} Relay
 * @typedef {import('../../../sdk-backend/index.d.ts').Channel} Channel
 * @typedef {import('../../../sdk-backend/index.d.ts').PublishOptions} PublishOptions
 */

export class Hands {
  /** @type {Map<string, Link>} by their addresses */
  #links = new Map();

  #relay;

  /** @param {Relay} relay */
  constructor(relay) {
    this.#relay = relay;
  }

  /**
   * Publishes by the backend package.
   *
   * @param {Channel} channel
   * @param {unknown} payload
   * @param {PublishOptions} [options]
   * @param {string} [user] on whose behalf
   */
  async publish(channel, payload, options, user) {
    this.#configure();
    const send = () => publish(channel, payload, options);
    await (user === undefined ? send() : runAs({ id: user }, send));
  }

  /**
   * Publishes each payload without waiting for the one before, as a backend that streams does.
   *
   * @param {Channel} channel
   * @param {unknown[]} payloads
   */
  async publishAll(channel, payloads) {
    this.#configure();
    await Promise.all(payloads.map((payload) => publish(channel, payload)));
  }

  /**
   * Publishes by the newer surface of the backend package.
   *
   * @param {Channel} channel
   * @param {object} payload
   */
  async publisherPublish(channel, payload) {
    this.#configure();
    await publisher.publish(channel, payload);
  }

  /**
   * Publishes a payload that is written as JSON already, so that a test decides how its numbers look.
   *
   * @param {Channel} channel
   * @param {string} payloadJson
   * @returns {Promise<number>} the status of the answer
   */
  async publishJson(channel, payloadJson) {
    const response = await fetch(`${this.#relay.url}/v1/publish`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${API_KEY}`, 'Content-Type': 'application/json' },
      body: `{"channel":${JSON.stringify(channel)},"payload":${payloadJson}}`,
    });
    await response.arrayBuffer();
    return response.status;
  }

  /**
   * @param {Record<string, unknown>} claims
   * @returns {Promise<string>}
   */
  async signToken(claims) {
    return signToken(claims);
  }

  /** @returns {Promise<string>} the address of a new line to the relay */
  async openLink() {
    const link = await Link.open(() => new URL(this.#relay.url));
    this.#links.set(link.url, link);
    return link.url;
  }

  /** @param {string} url */
  async cut(url) {
    this.#link(url).cut();
  }

  /** @param {string} url */
  async bar(url) {
    this.#link(url).bar();
  }

  /** @param {string} url */
  async silence(url) {
    this.#link(url).silence();
  }

  /** @param {string} url */
  async mend(url) {
    this.#link(url).mend();
  }

  /**
   * @param {string} url
   * @returns {Promise<number>} how many connections the page has made so far
   */
  async connections(url) {
    return this.#link(url).accepted;
  }

  /** @param {string} url */
  async closeLink(url) {
    await this.#link(url).close();
    this.#links.delete(url);
  }

  /** @param {{ how?: 'kill' | 'stop' }} [options] */
  async restartRelay(options) {
    await this.#relay.restart(options);
  }

  /**
   * Changes the permissions file. The relay notices it by itself, or is started again.
   *
   * @param {string} permissions
   * @param {{ restart?: boolean }} [options]
   */
  async changePermissions(permissions, { restart = false } = {}) {
    if (restart) await this.#relay.restart({ how: 'stop', permissions });
    else await this.#relay.changePermissions(permissions);
  }

  /** Brings back the permissions of the beginning. */
  async restorePermissions() {
    await this.#relay.changePermissions(PERMISSIONS);
  }

  /**
   * Ends a user's connections by the backend package.
   *
   * @param {string} user
   * @param {import('../../../sdk-backend/index.d.ts').DisconnectOptions} [options]
   */
  async disconnect(user, options) {
    this.#configure();
    return disconnect(user, options);
  }

  /** Closes what tests have left open. */
  async letGo() {
    await Promise.all([...this.#links.keys()].map((url) => this.closeLink(url)));
  }

  /** Publishes go to where the relay is now. */
  #configure() {
    configure({ url: this.#relay.url, apiKey: API_KEY });
  }

  /** @param {string} url */
  #link(url) {
    const link = this.#links.get(url);
    if (!link) throw new Error(`no link at ${url}`);
    return link;
  }
}
