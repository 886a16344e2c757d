/**
 * The lanes between `publish` and the relay. A channel with messages under way keeps its lane, so its order holds;
 * different channels use different lanes as long as there are idle ones, so they do not wait for one another.
 *
 * @module
 */

import { connectionError } from './errors.js';
import { Lane } from './lane.js';
import { sendToRelay } from './relay-client.js';

/** @typedef {import('./publication.js').Publication} Publication */
/** @typedef {import('./settings.js').Settings} Settings */
/** @typedef {{ lane: Lane, waiting: number }} Place */

/** As many kept-alive connections at most: enough to keep a relay busy, few enough for a thousand publishers. */
const LANES = 8;

/** Messages that may wait for a relay that is away or slow; more would only move the trouble into this process. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

export class Pipeline {
  /** @type {Settings | undefined} */
  #settings;
  #waitingBytes = 0;
  /** @type {((value?: unknown) => void)[]} */
  #whenEmpty = [];
  /** Where each channel with unsettled messages is. @type {Map<string, Place>} */
  #channels = new Map();
  /** How many messages wait in each lane. @type {Map<Lane, number>} */
  #lanes = new Map(Array.from({ length: LANES }, () => [this.#createLane(), 0]));

  /**
   * Sends the publication in the order of the calls for its channel. Resolves once the relay has it.
   *
   * @param {Publication} publication
   * @param {Settings} settings used from now on, for waiting messages too
   * @returns {Promise<void>}
   */
  submit(publication, settings) {
    this.#settings = settings;
    const { bytes, channel, key } = publication;
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      const message = `${MAX_WAITING_BYTES >> 20} MiB of messages already wait for the relay at ${settings.url}`;
      return Promise.reject(connectionError(message, { channel }));
    }
    const deadline = performance.now() + settings.retry.deadlineMs;
    const lane = this.#enter(key, bytes);
    return new Promise((resolve, reject) => {
      /** @param {Error} [error] */
      const settle = (error) => {
        this.#leave(key, bytes);
        if (error) reject(error);
        else resolve();
      };
      lane.push({ ...publication, deadline, settle });
    });
  }

  /** Resolves when no message waits any more, for better or worse. */
  async settled() {
    while (this.#channels.size > 0) await new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  #createLane() {
    /** @type {import('./lane.js').Send} */
    const send = (batch, deadline) => sendToRelay(this.#currentSettings(), batch, deadline);
    return new Lane(send, () => this.#currentSettings().retry);
  }

  /** A lane asks only for what `submit` gave it, so there are settings by then. */
  #currentSettings() {
    return /** @type {Settings} */ (this.#settings);
  }

  /**
   * @param {string} key
   * @param {number} bytes
   */
  #enter(key, bytes) {
    const place = this.#channels.get(key) ?? { lane: this.#shortestLane(), waiting: 0 };
    place.waiting += 1;
    this.#channels.set(key, place);
    this.#count(place.lane, 1, bytes);
    return place.lane;
  }

  /**
   * @param {string} key
   * @param {number} bytes
   */
  #leave(key, bytes) {
    const place = /** @type {Place} */ (this.#channels.get(key));
    place.waiting -= 1;
    if (place.waiting === 0) this.#channels.delete(key);
    this.#count(place.lane, -1, -bytes);
    if (this.#channels.size === 0) for (const tell of this.#whenEmpty.splice(0)) tell();
  }

  /**
   * @param {Lane} lane
   * @param {number} messages
   * @param {number} bytes
   */
  #count(lane, messages, bytes) {
    this.#lanes.set(lane, (this.#lanes.get(lane) ?? 0) + messages);
    this.#waitingBytes += bytes;
  }

  #shortestLane() {
    let [shortest, fewest] = /** @type {[Lane, number]} */ (this.#lanes.entries().next().value);
    for (const [lane, waiting] of this.#lanes) {
      if (waiting < fewest) [shortest, fewest] = [lane, waiting];
    }
    return shortest;
  }
}
