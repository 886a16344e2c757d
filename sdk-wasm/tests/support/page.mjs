/**
 * Pages for tests in Node: the package as it is packed, with its real client, and a relay inside of the page. Their time
 * passes some twenty times as fast as it does outside.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { mock } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packPackages, unpackedFrontend } from '../../../scripts/lib/packages.mjs';

/** @typedef {typeof import('../../npm/src/index.js')} Package */

/** By then, in the page's time, everything that a test waits for has come, or never does. */
const DEADLINE_MS = 60_000;

/** The steps in which the page's time passes. */
const STEP_MS = 25;

/** Where the package is: `npm test` says it, and whoever runs one file has it packed. */
const folder = process.env.FRONTEND_FOLDER ?? (await unpackedFrontend((await packPackages()).frontend));

/** @type {any} */
const globals = globalThis;
globals.location = new URL('https://site.example/shop/page.html');
globals.window = globals;
globals.addEventListener ??= () => {};
globals.CloseEvent ??= class extends Event {
  /**
   * @param {string} type
   * @param {{ code: number, reason: string }} init
   */
  constructor(type, { code, reason }) {
    super(type);
    Object.assign(this, { code, reason, wasClean: true });
  }
};

/** The relay inside of the pages. */
export const relay = await import('./fake_relay.js');

let opened = 0;

/** @type {Package | undefined} */
let open;

/**
 * A new page, whose relay nobody has used yet. To be left by {@link leavePage}.
 *
 * @returns {Promise<Package>} the package as the page imports it
 */
export async function openPage() {
  relay.install();
  opened += 1;
  /** @type {Package} */
  const page = await import(`${pathToFileURL(join(folder, 'dist', 'index.js'))}?page=${opened}`);
  open = page;
  void runTime(page);
  return page;
}

/** Leaves the page that is open. */
export function leavePage() {
  open?.close();
  open = undefined;
}

/**
 * Waits until something holds.
 *
 * @param {() => unknown} condition
 * @returns {Promise<number>} the seconds that have passed for the page
 */
export async function until(condition) {
  const began = Date.now();
  while (!condition()) {
    assert.ok(Date.now() - began < DEADLINE_MS, `in vain: ${condition}`);
    await moment();
  }
  return (Date.now() - began) / 1000;
}

/**
 * Waits while the page's time passes.
 *
 * @param {number} ms
 */
export async function pass(ms) {
  const end = Date.now() + ms;
  while (Date.now() < end) await moment();
}

const realSetTimeout = setTimeout;
// The seed of the waits between two attempts to connect.
mock.method(Math, 'random', () => 0.5);
// Once and for all: a timer from before that is cleared afterwards would take another one with it (Node 20).
mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });

/** How many clients are being compiled, which takes as long as the machine wants: the page's time stands still meanwhile. */
let compiling = 0;
const { instantiateStreaming } = WebAssembly;
WebAssembly.instantiateStreaming = async (...wasm) => {
  compiling += 1;
  try {
    return await instantiateStreaming(...wasm);
  } finally {
    compiling -= 1;
  }
};

/** A moment of real time. */
const moment = () => new Promise((resolve) => realSetTimeout(resolve, 1));

/**
 * Lets a page's time pass in steps, a millisecond of real time between any two.
 *
 * @param {Package} page
 */
async function runTime(page) {
  while (open === page) {
    if (compiling === 0) mock.timers.tick(STEP_MS);
    await moment();
  }
}

/**
 * Collects what is shown on the console from now on, in place of showing it.
 *
 * @param {import('node:test').TestContext} context
 * @returns {() => any[]} gives what was shown beside the text, line by line
 */
export function watchConsole(context) {
  const { mock } = context.mock.method(console, 'error', () => {});
  return () => mock.calls.map((call) => call.arguments[1]);
}
