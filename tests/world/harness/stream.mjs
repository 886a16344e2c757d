/**
 * A backend that publishes numbers to a channel all the time, whatever becomes of the relay.
 *
 * @module
 */

import { setTimeout as pause } from 'node:timers/promises';
import { API_KEY } from '../../conformance/harness/relay.mjs';

/** @typedef {import('./visitor.mjs').Channel} Channel */

const INTERVAL_MS = 60;

/** How long it waits before it tries a publish again that has failed. */
const RETRY_MS = 100;

export class Stream {
  /** How many numbers the relay has accepted: those from 0 on. */
  accepted = 0;
  #isOver = false;
  #running;

  /**
   * @param {() => string} relayUrl where the relay is now
   * @param {Channel} channel
   */
  constructor(relayUrl, channel) {
    this.relayUrl = relayUrl;
    this.channel = channel;
    this.#running = this.#run();
  }

  /** Publishes no more, and gives all that it has published. */
  async end() {
    this.#isOver = true;
    await this.#running;
    return Array.from({ length: this.accepted }, (_, number) => number);
  }

  /** Publishes on, after an end. */
  resume() {
    this.#isOver = false;
    this.#running = this.#run();
  }

  /**
   * Ends when the relay has accepted so many more.
   *
   * @param {number} count
   */
  async endAfter(count) {
    const enough = this.accepted + count;
    while (this.accepted < enough) await pause(INTERVAL_MS);
    return this.end();
  }

  /**
   * Publishes many more numbers at once.
   *
   * @param {number} count at most 100 to a request
   */
  async burst(count) {
    await this.end();
    for (let left = count; left > 0; left -= 100) {
      const messages = Array.from({ length: Math.min(left, 100) }, (_, index) => this.#message(index));
      const response = await this.#post('/v1/publish/batch', { messages });
      if (!response.ok) throw new Error(`batch: ${response.status}`);
      this.accepted += messages.length;
    }
  }

  async #run() {
    while (!this.#isOver) {
      await this.#publish();
      await pause(INTERVAL_MS);
    }
  }

  /** Publishes the next number, by one id over all attempts. */
  async #publish() {
    for (;;) {
      try {
        const response = await this.#post('/v1/publish', this.#message(0));
        await response.arrayBuffer();
        if (response.ok) break;
      } catch {
        // There is no relay at the moment.
      }
      await pause(RETRY_MS);
    }
    this.accepted += 1;
  }

  /** @param {number} ahead */
  #message(ahead) {
    const number = this.accepted + ahead;
    return { channel: this.channel, payload: number, id: `${this.channel.name}_${number}` };
  }

  /**
   * @param {string} path
   * @param {object} body
   */
  #post(path, body) {
    return fetch(`${this.relayUrl()}${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${API_KEY}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  }
}
