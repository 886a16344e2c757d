/**
 * The page that measures: a driver has it subscribe with one client, then take messages. Every message is checked.
 *
 * @module
 */
import { CLIENTS } from './clients.js';
import { wasmBytes } from './wasm-memory.js';

/** @type {import('./clients.js').Client} */
let client;

/** The number that the next message must have. */
let next = 0;

/** When the first message since the last `take` was handled. */
let began = 0;

/** The number of the last message that was asked for, and what is to be done when it has come. */
let last = Number.POSITIVE_INFINITY;
let done = () => {};
/** @type {(error: Error) => void} */
let fail = (error) => {
  throw error;
};

/** @param {{ n: number }} payload */
function handle({ n }) {
  if (n !== next) fail(new Error(`message ${n} has come, and ${next} was to come`));
  next = n + 1;
  if (began === 0) began = performance.now();
  if (n === last) done();
}

/**
 * Loads a client and subscribes.
 *
 * @param {string} name
 * @returns {Promise<number>} milliseconds from the beginning of its script
 */
async function start(name) {
  const found = CLIENTS[name];
  if (!found) throw new Error(`there is no client ${name}`);
  client = found;
  const from = performance.now();
  await client.subscribe(handle);
  return performance.now() - from;
}

/**
 * Takes messages.
 *
 * @param {number} count
 * @param {number} together how many of them come in one frame
 * @returns {Promise<number>} how many were handled in a second
 */
async function take(count, together) {
  const first = next;
  last = first + count - 1;
  began = 0;
  const taken = new Promise((/** @type {(value?: unknown) => void} */ resolve, reject) => {
    done = resolve;
    fail = reject;
  });
  const wanted = { dialect: client.dialect, first, count, together };
  const answer = await fetch(`/feed?${new URLSearchParams(/** @type {any} */ (wanted))}`);
  if (!answer.ok) throw new Error(await answer.text());
  await taken;
  return (count - 1) / ((performance.now() - began) / 1_000);
}

/** What the driver calls. */
Object.assign(globalThis, { bench: { start, take, wasmBytes } });
