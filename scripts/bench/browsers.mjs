/**
 * Measures browser SDKs in real browsers: a driver opens a fresh page for each client and has it subscribe to a stub
 * and handle messages.
 *
 * The driver is WebDriver, which leaves pages alone while they run: tools that watch the network through the browser's
 * own protocol make each frame of a WebSocket slower.
 */
import { performance } from 'node:perf_hooks';
import { startBrowser } from '../../tests/conformance/harness/webdriver.mjs';
import { separatePages } from './browser-cores.mjs';
import { clientsOf, MEMORY_MESSAGES, measuredId, PAIRED, TOGETHER } from './browser-plan.mjs';
import { comparePairs, TURNS } from './browser-turns.mjs';
import { addFigures, median } from './figures.mjs';

/** @typedef {import('./browser-plan.mjs').Client} Client */
/** @typedef {import('./figures.mjs').Measured} Measured */
/** @typedef {'Chromium' | 'Firefox'} BrowserName */

/** Messages before memory is looked at for the first time: whatever is made once is made by then. */
const SETTLING_MESSAGES = 100_032;

const WAYS = /** @type {const} */ ([
  { id: 'joined', together: TOGETHER },
  { id: 'single', together: 1 },
]);

/** Fresh pages of each client whose start is measured in a round. */
const STARTS = 6;

/**
 * @typedef {object} Stage
 * @property {BrowserName} name
 * @property {import('selenium-webdriver').WebDriver} driver
 * @property {string} url of the stub
 */

/**
 * One round in one browser, with a profile of its own. Whatever goes wrong with one client is its outcome alone.
 *
 * @param {import('./figures.mjs').InBrowsers} figures what is filled
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
    await attempt(stage, ['plain'], () => run(stage, 'take("plain", 1000, 1)'));
    await measureStarts(figures, stage, number);
    await measureMessages(figures, stage, number);
    // Firefox tells no driver what its pages hold.
    if (withMemory && name === 'Chromium')
      for (const client of clientsOf('memory')) await measureMemory(figures, stage, client);
  } finally {
    await driver.quit();
  }
}

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
 * Clients take turns, a fresh page each, and what counts beside ours is a page and the one of ours in the same turn.
 *
 * @param {{ scenarios: Measured[] }} figures
 * @param {Stage} stage
 * @param {number} number
 */
async function measureStarts(figures, stage, number) {
  /** @type {Map<Client, number>[]} */
  const turns = [];
  for (let page = 0; page < STARTS; page++) {
    const times = new Map();
    for (const client of rotated(clientsOf('start'), number + page)) {
      const outcome = await attempt(stage, [client], async ([ms]) => ms);
      if ('failure' in outcome) addFigures(figures, measuredId(stage.name, 'start'), client, outcome);
      else times.set(client, outcome.value);
    }
    turns.push(times);
  }
  for (const client of clientsOf('start')) {
    const all = turns.flatMap((times) => times.get(client) ?? []);
    if (all.length === 0) continue;
    const ratios = turns.map(
      (times) => (times.get(client) ?? Number.NaN) / (times.get('relay') ?? Number.NaN),
    );
    addFigures(figures, measuredId(stage.name, 'start'), client, {
      figures: {
        'until subscribed': { value: median(all) ?? 0, unit: 'ms', better: 'lower' },
        ...paired(client, ratios.filter(Number.isFinite)),
      },
    });
  }
}

/**
 * The figure beside ours, which ours does not have itself.
 *
 * @param {Client} client
 * @param {number[]} ratios
 * @returns {Record<string, import('./figures.mjs').Figure>}
 */
function paired(client, ratios) {
  const value = median(ratios);
  return client === 'relay' || value === undefined
    ? {}
    : { [PAIRED]: { value, unit: '', better: 'neither' } };
}

/**
 * Our SDK with each of the others in a page of their own, in turns.
 *
 * @param {import('./figures.mjs').InBrowsers} figures
 * @param {Stage} stage
 * @param {number} number
 */
async function measureMessages(figures, stage, number) {
  /** @type {Record<string, number[]>} our rates beside all of the others */
  const ours = {};
  for (const client of rotated(clientsOf('single'), number).filter((name) => name !== 'relay')) {
    const ways = WAYS.filter(({ id }) => clientsOf(id).includes(client));
    const outcome = await attempt(stage, ['relay', client], async () => {
      const { isDone, undo } = separatePages();
      figures.pagesHadACore = isDone;
      try {
        for (const way of ways) {
          const rates = await measurePair(figures, stage, client, way);
          ours[way.id] = [...(ours[way.id] ?? []), ...rates];
        }
      } finally {
        undo();
      }
    });
    if ('failure' in outcome)
      for (const { id } of ways) addFigures(figures, measuredId(stage.name, id), client, outcome);
  }
  for (const [id, rates] of Object.entries(ours)) {
    addFigures(figures, measuredId(stage.name, id), 'relay', {
      figures: { messages: { value: median(rates) ?? 0, unit: '/s', better: 'higher' } },
    });
  }
}

/**
 * @param {import('./figures.mjs').InBrowsers} figures
 * @param {Stage} stage
 * @param {Client} client beside ours
 * @param {typeof WAYS[number]} way
 * @returns {Promise<number[]>} our rates
 */
async function measurePair(figures, stage, client, { id, together }) {
  const stub = stubUse();
  const pairs = await comparePairs(TURNS, ['relay', client], together, (name, count) =>
    run(stage, `take(${JSON.stringify(name)}, ${count}, ${together})`),
  );
  const ratios = pairs.map(([mine, theirs]) => mine / theirs);
  addFigures(figures, measuredId(stage.name, id), client, {
    figures: {
      messages: { value: median(pairs.map(([, theirs]) => theirs)) ?? 0, unit: '/s', better: 'higher' },
      ...paired(client, ratios),
      'stub’s core busy': { value: stub(), unit: '%', better: 'neither' },
    },
  });
  return pairs.map(([mine]) => mine);
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
  const take = (/** @type {number} */ count) =>
    run(stage, `take(${JSON.stringify(client)}, ${count}, ${TOGETHER})`);
  const outcome = await attempt(stage, [client], async () => {
    await take(SETTLING_MESSAGES);
    const before = await memory(stage);
    await take(MEMORY_MESSAGES);
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
 * Opens a page, has clients subscribe in it, and goes on with that.
 *
 * @template T
 * @param {Stage} stage
 * @param {Client[]} clients
 * @param {(startMs: number[]) => Promise<T>} then
 * @returns {Promise<{ value: T } | { failure: string }>}
 */
async function attempt(stage, clients, then) {
  try {
    await stage.driver.get(stage.url);
    const times = [];
    for (const client of clients) times.push(await run(stage, `start(${JSON.stringify(client)})`));
    return { value: await then(times) };
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
