/**
 * The page that measures: a driver has it subscribe with one client or with two, then take messages with one of them at a
 * time. Every message is checked.
 *
 * @module
 */
import { CLIENTS } from './clients.js';
import { wasmBytes } from './wasm-memory.js';

/** A client that is subscribed, and the messages that it takes. */
class Taker {
  /** The number that the next message must have. */
  #next = 0;

  /** When the first message since the last `take` was handled. */
  #began = 0;

  /** The number of the last message that was asked for, and what is to be done when it has come. */
  #last = Number.POSITIVE_INFINITY;
  #done = () => {};
  /** @type {(error: Error) => void} */
  #fail = (error) => {
    throw error;
  };

  /** @param {import('./clients.js').Client} client */
  constructor(client) {
    this.client = client;
  }

  /** @param {{ n: number }} payload */
  handle = ({ n }) => {
    if (n !== this.#next) this.#fail(new Error(`message ${n} has come, and ${this.#next} was to come`));
    this.#next = n + 1;
    if (this.#began === 0) this.#began = performance.now();
    if (n === this.#last) this.#done();
  };

  /**
   * @param {number} count
   * @param {number} together
   */
  async take(count, together) {
    const first = this.#next;
    this.#last = first + count - 1;
    this.#began = 0;
    const taken = new Promise((/** @type {(value?: unknown) => void} */ resolve, reject) => {
      this.#done = resolve;
      this.#fail = reject;
    });
    const { dialect, path } = this.client;
    const wanted = { dialect, ...(path && { path }), first, count, together };
    const answer = await fetch(`/feed?${new URLSearchParams(/** @type {any} */ (wanted))}`);
    if (!answer.ok) throw new Error(await answer.text());
    await taken;
    return (count - 1) / ((performance.now() - this.#began) / 1_000);
  }
}

/** @type {Map<string, Taker>} */
const takers = new Map();

/**
 * Loads a client and subscribes.
 *
 * @param {string} name
 * @returns {Promise<number>} milliseconds from the beginning of its script
 */
async function start(name) {
  const client = CLIENTS[name];
  if (!client) throw new Error(`there is no client ${name}`);
  const taker = new Taker(client);
  takers.set(name, taker);
  const from = performance.now();
  await client.subscribe(taker.handle);
  return performance.now() - from;
}

/**
 * Takes messages with one client; the others have nothing to do meanwhile.
 *
 * @param {string} name
 * @param {number} count
 * @param {number} together how many of them come in one frame
 * @returns {Promise<number>} how many were handled in a second
 */
async function take(name, count, together) {
  const taker = takers.get(name);
  if (!taker) throw new Error(`${name} was not started`);
  return taker.take(count, together);
}

/** What the driver calls. */
Object.assign(globalThis, { bench: { start, take, wasmBytes } });
