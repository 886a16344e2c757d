/**
 * What the relay and its SDK are to reach, as ratios of one run wherever another server or client is there to compare
 * with. The numbers are not moved to what was measured.
 */
import { BROWSERS, measuredId } from './browser-plan.mjs';
import { besideOurs } from './browser-ratios.mjs';
import { median, ratioOf, rounded, values } from './figures.mjs';
import { GROWTH_SERVERS, SERVERS } from './plan.mjs';

/** @typedef {import('./figures.mjs').Run} Run */

/**
 * @typedef {object} Goal
 * @property {string} work what is done
 * @property {string} text what is to be reached, in words with the limit in them
 * @property {(run: Run) => number | undefined} value nothing where it was not measured
 * @property {number} limit
 * @property {'at least' | 'at most'} is
 * @property {string} [unit] of the value; a ratio has none
 * @property {(run: Run) => string | undefined} [note] what stands beside the outcome: it explains, and moves nothing
 */

/** @param {Run} run @param {string} id */
const scenarioOf = (run, id) => run.scenarios.find((measured) => measured.id === id);

/**
 * @param {Run} run
 * @param {string} id
 * @param {string} server
 * @param {string} figure
 */
const middle = (run, id, server, figure) => median(values(scenarioOf(run, id), server, figure));

/** @param {number | undefined} one @param {number | undefined} other */
const ratio = (one, other) => (one !== undefined && other ? one / other : undefined);

/** @param {string} server */
const nameOf = (server) => SERVERS[/** @type {keyof typeof SERVERS} */ (server)];

/**
 * The relay's figure as a multiple of another server's.
 *
 * @param {string} work
 * @param {string} id
 * @param {string} figure
 * @param {Goal['is']} is
 * @param {number} limit
 * @param {keyof typeof SERVERS} server
 * @returns {Goal}
 */
const beside = (work, id, figure, is, limit, server) => ({
  work,
  text: `${figure} ${is} ${limit} × ${nameOf(server)}’s`,
  value: (run) => ratioOf(scenarioOf(run, id), 'relay', server, figure),
  limit,
  is,
});

/**
 * A figure of the relay by itself.
 *
 * @param {string} work
 * @param {string} id
 * @param {string} figure
 * @param {Goal['is']} is
 * @param {number} limit
 * @param {string} unit
 * @param {number} [factor] from the figure's unit to this one
 * @returns {Goal}
 */
const alone = (work, id, figure, is, limit, unit, factor = 1) => ({
  work,
  text: `${figure} ${is} ${limit.toLocaleString('en-US')}${unit.startsWith('/') ? '' : ' '}${unit}`,
  value: (run) => {
    const value = middle(run, id, 'relay', figure);
    return value === undefined ? undefined : value * factor;
  },
  limit,
  is,
  unit,
});

/**
 * One scenario of the relay as a multiple of another.
 *
 * @param {string} work
 * @param {string} text
 * @param {[id: string, figure: string]} one
 * @param {[id: string, figure: string]} other
 * @param {Goal['is']} is
 * @param {number} limit
 * @param {number} [factor] by which the ratio is multiplied
 * @returns {Goal}
 */
const within = (work, text, one, other, is, limit, factor = 1) => ({
  work,
  text,
  value: (run) => {
    const found = ratio(middle(run, one[0], 'relay', one[1]), middle(run, other[0], 'relay', other[1]));
    return found === undefined ? undefined : found * factor;
  },
  limit,
  is,
});

const COST = 'server CPU per delivery';

/** How much more a delivery may cost at the far end of a series, and still be called flat. */
const FLAT = 1.1;

/** @type {Goal[]} */
const OF_THE_RELAY = [
  beside('1000 subscribers, bursts of 64', 'bursts-64', 'deliveries', 'at least', 1.5, 'bun'),
  beside('1000 subscribers, bursts of 64', 'bursts-64', COST, 'at most', 1.6, 'bare'),
  beside('1000 subscribers, bursts of 32', 'bursts-32', 'deliveries', 'at least', 1.1, 'bun'),
  beside('1000 subscribers, 500 messages a second', 'paced-500', 'latency p50', 'at most', 1.3, 'bare'),
  beside('1000 subscribers, 2000 messages a second', 'paced-2000', 'latency p50', 'at most', 1.3, 'bare'),
  within(
    '1000 subscribers, 2000 messages a second',
    'no growing queue: p50 of the second half at most 1.3 × the first’s',
    ['paced-2000', 'latency p50, second half'],
    ['paced-2000', 'latency p50, first half'],
    'at most',
    1.3,
  ),
  beside('1000 subscribers, one message at a time', 'one-at-a-time', 'deliveries', 'at least', 0.9, 'bare'),
  beside('1000 subscribers, one message at a time', 'one-at-a-time', 'latency p99', 'at most', 1.2, 'bare'),
  beside('1000 channels with a subscriber each', 'many-channels', 'deliveries', 'at least', 0.65, 'bare'),
  beside('single publishes, 16 in flight', 'publish', 'publishes', 'at least', 1.2, 'bun'),
  within(
    'single publishes to a history that outlives the relay',
    'at least 0.5 × those to a history in memory',
    ['publish-process', 'publishes'],
    ['publish', 'publishes'],
    'at least',
    0.5,
  ),
  within(
    'the fan-out of one channel, two cores',
    'not bound to one core: at least 1.1 × the deliveries of one core, where the load leaves it room on the second',
    ['room-two-cores', 'deliveries'],
    ['room-one-core', 'deliveries'],
    'at least',
    1.1,
  ),
  alone('5000 clients at once, permission by script', 'connect', 'connections', 'at least', 20_000, '/s'),
  alone(
    '5000 clients at once, permission by script',
    'connect',
    'until subscribed, slowest',
    'at most',
    1_000,
    'ms',
  ),
  alone('permission decisions by script', 'decisions', 'decision p50', 'at most', 20, 'µs'),
  alone('permission decisions by script', 'decisions', 'decision p99', 'at most', 100, 'µs'),
  alone('permission decisions by script', 'decisions', 'decisions', 'at least', 100_000, '/s'),
  alone('10,000 connections at rest', 'idle-memory', 'memory per connection', 'at most', 2.4, 'KB'),
];

/**
 * How many times as much a delivery costs a server when its subscribers are a hundred times as many.
 *
 * @param {Run} run
 * @param {string} server
 */
const growthOf = (run, server) =>
  ratio(middle(run, 'subscribers-10000', server, COST), middle(run, 'subscribers-100', server, COST));

/**
 * What more subscribers cost beyond what they cost the kernel: its sockets leave the processor's caches, so that a write
 * to each of 10,000 takes longer than one to each of 100, whoever writes. The growth of every server stands beside it.
 *
 * @type {Goal}
 */
const WITH_SUBSCRIBERS = {
  work: '100 to 10,000 subscribers',
  text: `${COST}, in bare loop’s, flat or falling: it grows by at most ${FLAT} × as much`,
  value: (run) => ratio(growthOf(run, 'relay'), growthOf(run, 'bare')),
  limit: FLAT,
  is: 'at most',
  note(run) {
    const told = GROWTH_SERVERS.flatMap((server) => {
      const grown = growthOf(run, server);
      return grown === undefined ? [] : [`${nameOf(server)} × ${rounded(grown)}`];
    });
    return told.length > 0 ? told.join(', ') : undefined;
  },
};

/** @type {Goal[]} */
const OF_GROWTH = [
  WITH_SUBSCRIBERS,
  within(
    '1 to 10,000 channels',
    `${COST} flat or falling: at the end at most ${FLAT} × the beginning`,
    ['channels-10000', COST],
    ['channels-1', COST],
    'at most',
    FLAT,
  ),
  within(
    'payloads of 128 bytes to 64 KiB',
    `server CPU per byte flat or falling: at the end at most ${FLAT} × the beginning`,
    ['payload-65536', COST],
    ['payload-128', COST],
    'at most',
    FLAT,
    128 / 65_536,
  ),
];

/**
 * Our SDK's figure in a browser as a multiple of another client's.
 *
 * @param {typeof BROWSERS[number]} browser
 * @param {string} id
 * @param {string} figure
 * @param {[id: string, client: string]} other
 */
const inBrowser =
  (browser, id, figure, [otherId, client]) =>
  (/** @type {Run} */ run) => {
    const of = (/** @type {string} */ which) =>
      run.inBrowsers?.scenarios.find((measured) => measured.id === measuredId(browser, which));
    const measured = of(id);
    if (measured && id === otherId) {
      const advance = besideOurs(measured, client, figure);
      return advance && measured.figures[figure]?.better === 'lower' ? 1 / advance : advance;
    }
    return ratio(median(values(measured, 'relay', figure)), median(values(of(otherId), client, figure)));
  };

/** @param {typeof BROWSERS[number]} browser @returns {Goal[]} */
const ofTheSdkIn = (browser) => [
  {
    work: `our SDK in ${browser}, from script start to the first subscription`,
    text: 'at most 1.3 × centrifuge-js’s time',
    value: inBrowser(browser, 'start', 'until subscribed', ['start', 'centrifuge']),
    limit: 1.3,
    is: 'at most',
  },
  {
    work: `our SDK in ${browser}, messages joined`,
    text: 'messages handled at least 5 × pusher-js’s, which get one to a frame',
    value: inBrowser(browser, 'joined', 'messages', ['single', 'pusher']),
    limit: 5,
    is: 'at least',
  },
  {
    work: `our SDK in ${browser}, messages joined`,
    text: 'messages handled at least 1 × centrifuge-js’s, joined in its own way',
    value: inBrowser(browser, 'joined', 'messages', ['joined', 'centrifuge']),
    limit: 1,
    is: 'at least',
  },
  {
    work: `our SDK in ${browser}, one message to a frame`,
    text: 'messages handled at least 0.95 × plain JavaScript’s',
    value: inBrowser(browser, 'single', 'messages', ['single', 'plain']),
    limit: 0.95,
    is: 'at least',
  },
];

/** @param {Run} run @param {string} figure */
const memoryOf = (run, figure) => {
  const id = measuredId('Chromium', 'memory');
  const measured = run.inBrowsers?.scenarios.find((known) => known.id === id);
  return median(values(measured, 'relay', figure));
};

/** What a heap may have gained by a million messages, in KB, and be called flat: a tenth of a byte a message. */
const FLAT_KB = 100;

/** @type {Goal[]} */
const OF_THE_SDK = [
  {
    work: 'our SDK, download',
    text: 'at most 35 KB with gzip',
    value: ({ inBrowsers }) => inBrowsers?.sizes.relay && inBrowsers.sizes.relay.gzip / 1_000,
    limit: 35,
    is: 'at most',
    unit: 'KB',
  },
  ...BROWSERS.flatMap(ofTheSdkIn),
  {
    work: 'our SDK, a million messages',
    text: `memory flat: heap and wasm gain at most ${FLAT_KB} KB`,
    value: (run) => {
      const [heap, wasm] = ['added to the heap', 'added to the wasm'].map((figure) => memoryOf(run, figure));
      return heap === undefined || wasm === undefined ? undefined : heap + wasm;
    },
    limit: FLAT_KB,
    is: 'at most',
    unit: 'KB',
  },
];

/** All goals, in the order of the page. */
export const GOALS = [...OF_THE_RELAY, ...OF_GROWTH, ...OF_THE_SDK];

/**
 * @param {Goal} goal
 * @param {Run} run
 * @returns {{ value: number, isReached: boolean } | undefined} nothing where it was not measured
 */
export function judge({ value: read, limit, is }, run) {
  const value = read(run);
  if (value === undefined) return undefined;
  return { value, isReached: is === 'at least' ? value >= limit : value <= limit };
}
