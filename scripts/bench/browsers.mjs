/**
 * Measures browser SDKs in real browsers: a driver opens a fresh page for each client and has it subscribe to a stub
 * and handle messages.
 *
 * The driver is WebDriver, which leaves pages alone while they run: tools that watch the network through the browser's
 * own protocol make each frame of a WebSocket slower.
 */
import { performance } from 'node:perf_hooks';
import { startBrowser } from '../../tests/conformance/harness/webdriver.mjs';
import { IN_BROWSER, MEMORY_MESSAGES, measuredId, TOGETHER } from './browser-plan.mjs';
import { addFigures, median } from './figures.mjs';

/** @typedef {import('./browser-plan.mjs').Client} Client */
/** @typedef {import('./figures.mjs').Measured} Measured */
/** @typedef {'Chromium' | 'Firefox'} BrowserName */

/** Messages of one measurement: about a second's. */
const JOINED_MESSAGES = 300_032;
const SINGLE_MESSAGES = 16_000;

/** Messages before memory is looked at for the first time: whatever is made once is made by then. */
const SETTLING_MESSAGES = 100_032;

/** Fresh pages of each client whose start is measured in a round. */
const STARTS = 5;

/**
 * @typedef {object} Stage
 * @property {BrowserName} name
 * @property {import('selenium-webdriver').WebDriver} driver
 * @property {string} url of the stub
 */

/**
 * One round in one browser, with a profile of its own. Whatever goes wrong with one client is its outcome alone.
 *
 * @param {{ scenarios: Measured[] }} figures what is filled
 * @param {object} round
 * @param {BrowserName} round.name
 * @param {string} round.url of the stub
 * @param {number} round.number of the round: who goes first changes with it
 * @param {boolean} round.withMemory where the browser can tell
 */
export async function measureRound(figures, { name, url, number, withMemory }) {
  const driver = await startBrowser(name);
  const stage = { name, driver, url };
  try {
    // What a browser does once is not to be the first client's.
    await attempt(stage, 'plain', () => run(stage, 'take(1000, 1)'));
    await measureStarts(figures, stage, number);
    for (const client of rotated(clientsOf('single'), number)) await measureMessages(figures, stage, client);
    // Firefox tells no driver what its pages hold.
    if (withMemory && name === 'Chromium')
      for (const client of clientsOf('memory')) await measureMemory(figures, stage, client);
  } finally {
    await driver.quit();
  }
}

/** @param {string} id */
const clientsOf = (id) => IN_BROWSER.find((measurement) => measurement.id === id)?.clients ?? [];

/**
 * @template T
 * @param {readonly T[]} list
 * @param {number} by
 */
function rotated(list, by) {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

/**
 * @param {{ scenarios: Measured[] }} figures
 * @param {Stage} stage
 * @param {number} number
 */
async function measureStarts(figures, stage, number) {
  /** @type {Map<Client, number[]>} */
  const times = new Map();
  for (let page = 0; page < STARTS; page++) {
    for (const client of rotated(clientsOf('start'), number + page)) {
      const outcome = await attempt(stage, client, async (ms) => ms);
      if ('failure' in outcome) addFigures(figures, measuredId(stage.name, 'start'), client, outcome);
      else times.set(client, [...(times.get(client) ?? []), outcome.value]);
    }
  }
  for (const [client, all] of times) {
    addFigures(figures, measuredId(stage.name, 'start'), client, {
      figures: { 'until subscribed': { value: median(all) ?? 0, unit: 'ms', better: 'lower' } },
    });
  }
}

/**
 * @param {{ scenarios: Measured[] }} figures
 * @param {Stage} stage
 * @param {Client} client
 */
async function measureMessages(figures, stage, client) {
  const ways = [
    { id: 'joined', count: JOINED_MESSAGES, together: TOGETHER },
    { id: 'single', count: SINGLE_MESSAGES, together: 1 },
  ].filter(({ id }) => clientsOf(id).includes(client));
  const outcome = await attempt(stage, client, async () => {
    for (const { id, count, together } of ways) {
      // What is compiled while it runs is compiled by then.
      await run(stage, `take(${count / 4 - ((count / 4) % together)}, ${together})`);
      const stub = stubUse();
      const rate = await run(stage, `take(${count}, ${together})`);
      addFigures(figures, measuredId(stage.name, id), client, {
        figures: {
          messages: { value: rate, unit: '/s', better: 'higher' },
          'stub’s core busy': { value: stub(), unit: '%', better: 'neither' },
        },
      });
    }
  });
  if ('failure' in outcome)
    for (const { id } of ways) addFigures(figures, measuredId(stage.name, id), client, outcome);
}

/** Begins to watch how busy this process is, which is the stub's too. @returns {() => number} percent of a core since */
function stubUse() {
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return (user + system) / 10 / (performance.now() - began);
  };
}

/**
 * @param {{ scenarios: Measured[] }} figures
 * @param {Stage} stage
 * @param {Client} client
 */
async function measureMemory(figures, stage, client) {
  const outcome = await attempt(stage, client, async () => {
    await run(stage, `take(${SETTLING_MESSAGES}, ${TOGETHER})`);
    const before = await memory(stage);
    await run(stage, `take(${MEMORY_MESSAGES}, ${TOGETHER})`);
    const after = await memory(stage);
    return /** @type {Record<string, import('./figures.mjs').Figure>} */ ({
      'heap before': { value: before.heap / 1_000, unit: 'KB', better: 'neither' },
      'added to the heap': { value: (after.heap - before.heap) / 1_000, unit: 'KB', better: 'lower' },
      'memory of the wasm before': { value: before.wasm / 1_000, unit: 'KB', better: 'neither' },
      'added to the wasm': { value: (after.wasm - before.wasm) / 1_000, unit: 'KB', better: 'lower' },
    });
  });
  addFigures(
    figures,
    measuredId(stage.name, 'memory'),
    client,
    'failure' in outcome ? outcome : { figures: outcome.value },
  );
}

/**
 * What a page of Chromium holds that no collection of garbage frees.
 *
 * @param {Stage} stage
 * @returns {Promise<{ heap: number, wasm: number }>} bytes
 */
async function memory(stage) {
  const chromium = /** @type {import('selenium-webdriver/chrome.js').Driver} */ (stage.driver);
  const ask = async (/** @type {string} */ command) =>
    /** @type {any} */ (await chromium.sendAndGetDevToolsCommand(command, {}));
  await ask('HeapProfiler.collectGarbage');
  const { usedSize } = await ask('Runtime.getHeapUsage');
  return { heap: usedSize, wasm: await run(stage, 'wasmBytes()') };
}

/**
 * Opens a page, has a client subscribe in it, and goes on with that.
 *
 * @template T
 * @param {Stage} stage
 * @param {Client} client
 * @param {(startMs: number) => Promise<T>} then
 * @returns {Promise<{ value: T } | { failure: string }>}
 */
async function attempt(stage, client, then) {
  try {
    await stage.driver.get(stage.url);
    return { value: await then(await run(stage, `start(${JSON.stringify(client)})`)) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * @param {Stage} stage
 * @param {string} call of a function of the page
 * @returns {Promise<number>} what it resolves to
 */
async function run(stage, call) {
  const script = `const done = arguments[0];
    (async () => bench.${call})().then((value) => done({ value }), (error) => done({ error: String(error) }));`;
  const { value, error } = /** @type {any} */ (await stage.driver.executeAsyncScript(script));
  if (error) throw new Error(`${call}: ${error}`);
  return value;
}
