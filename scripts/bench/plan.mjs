/**
 * What the report measures: the scenarios, on which servers, and what each of them is about.
 */
import { join } from 'node:path';
import { root } from '../lib/project.mjs';

/**
 * @typedef {object} Scenario
 * @property {string} id short, for `--scenarios` and in figures.json; never given to another scenario
 * @property {string} title
 * @property {string} does what happens in it, in a sentence
 * @property {string[]} args of the load generator
 * @property {string} headline the figure that stands for it
 * @property {string} [plot] the heading of its bar chart, where it has one
 * @property {string[]} [relayFlags] further flags of `relay serve`
 * @property {'relay-process' | 'relay-machine'} [relayAs] the relay's name with the load generator, where it keeps its
 *   history on disk
 * @property {boolean} [isOfDecisions] not the load generator's, but that of permission decisions
 * @property {boolean} [isSteady] its figures hardly differ from round to round, so that a few rounds tell them
 * @property {number} [takes] how often a round measures it, where its figures of the fastest lie close together (once)
 * @property {string[]} [servers] those that it is measured on (all)
 * @property {{ id: string, at: number }} [growth] the series that it is a point of, and where
 */

/** @typedef {{ id: string, title: string, axis: string, does: string, headline: string }} Series */

/** The servers in the order of the columns: as `--servers` names them, and as people do. */
export const SERVERS = /** @type {const} */ ({
  relay: 'relay',
  bare: 'bare loop',
  bun: 'Bun',
  ws: 'ws',
  'socket-io': 'Socket.IO',
  nchan: 'Nchan',
  nats: 'NATS',
});

/** Those whose growth is measured: the relay, what the kernel allows, and the fastest of the others. */
export const GROWTH_SERVERS = ['relay', 'bare', 'bun'];

/**
 * Those that are measured in fewer rounds than the rest: they are far from the relay either way, and what they are slow
 * at takes long. Of a scenario with several takes in a round they have one.
 */
export const SELDOM_SERVERS = ['ws', 'socket-io', 'nchan', 'nats'];

/** So many rounds are enough for them, and for scenarios whose figures are steady. */
export const SELDOM_ROUNDS = 3;

/** The permissions file that the relay asks about each subscription where a scenario says so. */
const PERMISSIONS = join('bench', 'permissions', 'realtime-permissions.js');

const COST = 'server CPU per delivery';

/** @type {Scenario[]} */
const STANDARD = [
  {
    id: 'bursts-64',
    title: '1 channel × 1000 subscribers, bursts of 64',
    does:
      '64 messages of 128 bytes are published with one request; the next 64 when every subscriber has got all of ' +
      'them.',
    args: ['fanout', '--burst', '64'],
    headline: 'deliveries',
    plot: 'Deliveries a second: 1000 subscribers, bursts of 64',
  },
  {
    id: 'bursts-32',
    title: '1 channel × 1000 subscribers, bursts of 32',
    does:
      'The same with 32 messages: the most that Bun joins for a subscriber. Three times in each round, because the ' +
      'figures of the fastest lie close together.',
    args: ['fanout', '--burst', '32'],
    headline: 'deliveries',
    takes: 3,
  },
  {
    id: 'one-at-a-time',
    title: '1 channel × 1000 subscribers, one message at a time',
    does:
      'The same with one message: nothing can be joined, every delivery is a write of its own. Three times in each ' +
      'round, because of the latencies at its end.',
    args: ['fanout', '--burst', '1'],
    headline: 'deliveries',
    takes: 3,
    plot: 'Deliveries a second: 1000 subscribers, one message at a time',
  },
  {
    id: 'many-channels',
    title: '1000 channels × 1 subscriber',
    does: 'One message to every channel, in requests of 100 messages where the server takes that many at once.',
    args: ['many-channels'],
    headline: 'deliveries',
    plot: 'Deliveries a second: 1000 channels with a subscriber each',
  },
  {
    id: 'publish',
    title: 'single publishes, 16 in flight, 100 subscribers',
    does: '16 publishers on connections that are kept, each sending the next message when the last is answered.',
    args: ['publish'],
    headline: 'publishes',
    plot: 'Publishes a second: 16 publishers, 100 subscribers',
  },
  {
    id: 'publish-process',
    title: 'single publishes, kept on disk to outlive the relay',
    does: 'Every publish is answered when its message would survive the end of the relay: `--data-dir`.',
    args: ['publish'],
    headline: 'publishes',
    relayAs: 'relay-process',
    servers: ['relay'],
  },
  {
    id: 'publish-machine',
    title: 'single publishes, kept on disk to outlive the machine',
    does:
      'Every publish is answered when the disk has its message: `--data-dir` with `--durability machine`. What waits ' +
      'meanwhile is written together.',
    args: ['publish'],
    headline: 'publishes',
    relayAs: 'relay-machine',
    servers: ['relay'],
  },
  {
    id: 'two-cores',
    title: '1 channel × 1000 subscribers, one message at a time, both cores',
    does:
      'The relay may use the load’s core, too, as far as the load leaves it room, which it hardly does: it reads every ' +
      'message by itself, as before. It sleeps when there is nothing to read, which it does not where it has its core for ' +
      'itself.',
    args: ['fanout', '--burst', '1', '--server-cpu', '0,1'],
    headline: 'deliveries',
    servers: ['relay'],
  },
  {
    id: 'room-one-core',
    title: '1 channel × 1000 subscribers that are seldom read, one core',
    does:
      'One message at a time, the next one when it has reached 16 subscribers who are spread over all. The others are ' +
      'read after every 16th message, so that the load needs a small part of its core, and the relay has the other one.',
    args: ['fanout', '--read-every', '16'],
    headline: 'deliveries',
    servers: ['relay'],
  },
  {
    id: 'room-two-cores',
    title: '1 channel × 1000 subscribers that are seldom read, both cores',
    does: 'The same load, and the relay may use its core, too: the fan-out of a single channel is not bound to one core.',
    args: ['fanout', '--read-every', '16', '--server-cpu', '0,1'],
    headline: 'deliveries',
    servers: ['relay'],
  },
  {
    id: 'paced-500',
    title: '1 channel × 1000 subscribers, 500 messages a second',
    does: 'Single publishes at a steady pace; a latency counts from the moment a message was due.',
    args: ['latency', '--rate', '500'],
    headline: 'latency p50',
  },
  {
    id: 'paced-2000',
    title: '1 channel × 1000 subscribers, 2000 messages a second',
    does:
      'The same, four times as fast: two million deliveries a second. Of servers that deliver less when they are driven ' +
      'as fast as they can, only the length of the queue would be measured.',
    args: ['latency', '--rate', '2000'],
    headline: 'latency p50',
    servers: ['relay', 'bare', 'bun'],
  },
  {
    id: 'connect',
    title: '5000 clients at once: connect, hello, permission by script, subscribe',
    does:
      'All connect at the same moment. The relay asks a permissions file about each subscription ' +
      `(${PERMISSIONS}); the others let everybody in.`,
    args: ['connect'],
    headline: 'connections',
    plot: 'Clients subscribed a second: 5000 at once',
    relayFlags: ['--permissions', join(root, PERMISSIONS)],
  },
  {
    id: 'decisions',
    title: 'permission decisions by script, on one core',
    does:
      'Asked as sessions ask, queue and hop to the script’s thread included: one after the other for the times, by 256 ' +
      'tasks at once for the rate.',
    args: [],
    headline: 'decisions',
    isOfDecisions: true,
    servers: ['relay'],
  },
  {
    id: 'idle-memory',
    title: '10,000 connections at rest',
    does: 'Resident memory that each subscribed connection adds when nothing is published.',
    args: ['idle-memory'],
    headline: 'memory per connection',
    isSteady: true,
    plot: 'KB of memory for a connection at rest: less is better',
  },
];

/** The series of growing scenarios. @type {Series[]} */
export const SERIES = [
  {
    id: 'subscribers',
    title: 'Processor time of a delivery as subscribers grow',
    axis: 'subscribers of one channel',
    does: 'One channel, bursts of 16 messages of 128 bytes.',
    headline: COST,
  },
  {
    id: 'channels',
    title: 'Processor time of a delivery as channels grow',
    axis: 'channels with one subscriber each',
    does:
      'One message of 128 bytes to every channel, in requests of 100. With one channel, a delivery bears the cost ' +
      'of a whole request.',
    headline: COST,
  },
  {
    id: 'payload',
    title: 'Processor time of a delivery as payloads grow',
    axis: 'bytes of a payload',
    does: 'One channel with 100 subscribers, bursts of 4 messages.',
    headline: COST,
  },
];

const count = new Intl.NumberFormat('en-US');

/**
 * @param {string} id
 * @param {number[]} points
 * @param {(at: number) => { title: string, args: string[] }} make
 * @returns {Scenario[]}
 */
const growing = (id, points, make) =>
  points.map((at) => ({
    id: `${id}-${at}`,
    does: SERIES.find((series) => series.id === id)?.does ?? '',
    headline: COST,
    growth: { id, at },
    ...make(at),
  }));

/** @type {Scenario[]} */
const GROWTH = [
  ...growing('subscribers', [100, 1_000, 10_000], (at) => ({
    title: `1 channel × ${count.format(at)} subscribers, bursts of 16`,
    args: ['fanout', '--burst', '16', '--subscribers', String(at)],
  })),
  ...growing('channels', [1, 10, 100, 1_000, 10_000], (at) => ({
    title: at === 1 ? '1 channel × 1 subscriber' : `${count.format(at)} channels × 1 subscriber`,
    args: ['many-channels', '--channels', String(at)],
  })),
  ...growing('payload', [128, 1_024, 8_192, 65_536], (at) => ({
    title: `1 channel × 100 subscribers, bursts of 4, ${count.format(at)}-byte payloads`,
    args: ['fanout', '--burst', '4', '--subscribers', '100', '--payload', String(at)],
  })),
];

/** All scenarios in the order of the page. */
export const SCENARIOS = [...STANDARD, ...GROWTH];

/** What `--quick` looks at. */
export const QUICK = ['bursts-64', 'one-at-a-time', 'many-channels', 'publish', 'connect'];

/**
 * The scenarios that a list names: by their ids, or `standard`, `growth` and `all`.
 *
 * @param {string[]} names
 * @returns {{ chosen: Scenario[], unknown: string[] }} in the order of the page
 */
export function chooseScenarios(names) {
  const groups = { all: SCENARIOS, standard: STANDARD, growth: GROWTH };
  const named = (/** @type {string} */ name) =>
    name in groups
      ? groups[/** @type {keyof typeof groups} */ (name)]
      : SCENARIOS.filter(({ id, growth }) => id === name || growth?.id === name);
  return {
    chosen: SCENARIOS.filter((scenario) => names.some((name) => named(name).includes(scenario))),
    unknown: names.filter((name) => named(name).length === 0),
  };
}
