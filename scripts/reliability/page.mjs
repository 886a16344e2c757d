/**
 * The page about reliability: tables and a plot, made of figures alone, so that the same figures give the same page.
 */
import { markdownTable } from '../bench/page-parts.mjs';
import { curveChart } from './curve.mjs';
import { FOUND } from './found.mjs';
import { PART_NAMES, PARTS } from './parts.mjs';

/** @typedef {import('./parts.mjs').Figures} Figures */
/** @typedef {import('./parts.mjs').Trial} Trial */
/** @typedef {import('./parts.mjs').Avalanche} Avalanche */
/** @typedef {import('./parts.mjs').Spread} Spread */

/** @param {number} value */
const whole = (value) => value.toLocaleString('en-US', { maximumFractionDigits: 0 });

/** @param {number} value */
const short = (value) =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });

/** @param {number} bytes */
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** A share that is not whole never reads as if it were. @param {number} part @param {number} of */
const percent = (part, of) =>
  part === of ? '100 %' : `${Math.min((part / of) * 100, 99.9999).toFixed(4)} %`;

const KEEPS = {
  memory: 'in memory',
  process: 'on a disk (`process`)',
  machine: 'on a disk (`machine`)',
};

/** @param {number} seconds */
const span = (seconds) => (seconds < 120 ? `${short(seconds)} s` : `${short(seconds / 60)} minutes`);

/**
 * The page and its plots, by their paths from the folder that they are written to.
 *
 * @param {Figures} figures
 * @returns {Record<string, string>} contents
 */
export function renderReliability(figures) {
  const { parts } = figures;
  /** @type {Record<string, string>} */
  const files = {};
  if (parts.soak) files['reliability/soak.svg'] = soakPlot(parts.soak.result);
  const sections = [
    '# Reliability',
    'What happens to messages when networks fail, relays are killed, crowds come back, and time passes: figures of runs ' +
      'with real relay processes and real clients. This page, its plot and [the figures](reliability/figures.json) are ' +
      'written by `npm run reliability`; see [how it was run](#how-it-was-run).',
    parts.faults && faultsSection(parts.faults.result),
    parts.jitter && jitterSection(parts.jitter.result),
    parts.avalanche && avalancheSection(parts.avalanche.result),
    parts.soak && soakSection(parts.soak.result),
    missingSection(figures),
    `## What these found\n\n${FOUND.map((line) => `- ${line}`).join('\n')}`,
    elsewhere(),
    howSection(figures),
  ];
  files['reliability.md'] = `${sections.filter(Boolean).join('\n\n')}\n`;
  return files;
}

/** @param {Trial[]} trials */
function faultsSection(trials) {
  const kinds = [...new Set(trials.map(({ keeps }) => keeps))];
  const rows = kinds.map((keeps) => {
    const these = trials.filter((trial) => trial.keeps === keeps);
    const sum = (/** @type {(trial: Trial) => number} */ of) => whole(total(these.map(of)));
    return [
      KEEPS[keeps],
      sum(() => 1),
      span(total(these.map(({ seconds }) => seconds))),
      sum(({ verdict }) => verdict.published),
      sum(({ verdict }) => verdict.acknowledged),
      sum(({ verdict }) => verdict.delivered),
      sum(({ verdict }) => verdict.outages),
      sum(({ verdict }) => verdict.relaysEnded),
      sum(({ verdict }) => verdict.whole),
      sum(({ verdict }) => verdict.gapsTold),
      `**${sum(({ verdict }) => verdict.violations.length)}**`,
    ];
  });
  const head = [
    ...[
      'history',
      'trials',
      'of',
      'publishes',
      'acknowledged',
      'deliveries',
      'connections lost',
      'relays ended',
    ],
    ...['whole recoveries', 'gaps told', 'broken promises'],
  ];
  const seeds = trials.map(({ seed }) => seed);
  const lacks = [...new Set(trials.flatMap((trial) => trial.lacks))];
  return [
    '## Every acknowledged message, accounted for',
    'In each trial ten clients read five channels, and four backends publish with an id for each message that is kept ' +
      'over retries. Every one of them sits behind a TCP proxy of its own that cuts (RST and FIN), stalls, delays, ' +
      'throttles, half-closes, refuses and swallows connections; a nemesis kills, drains and pauses the relay. Every ' +
      'operation is written down, and a judge accounts for each acknowledged message at each client: delivered once, in ' +
      'order, byte for byte, to those who may read it, or within a gap of which the client was told, where the relay’s ' +
      'memory ended or more was missed than a channel keeps (the channel `ticks` keeps 15 messages, so that this happens).',
    markdownTable([head, ...rows], 1),
    violations(trials),
    `What was done in all of them: ${deedsText(trials)}.`,
    lacks.length ? `Not tried here: ${lacks.join('; ')}.` : '',
    `Seeds ${Math.min(...seeds)} to ${Math.max(...seeds)}. One of them again: \`npm run faults -- --seed N --minutes 1\`.`,
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** @param {Trial[]} trials */
function violations(trials) {
  const lines = trials.flatMap(({ seed, keeps, verdict }) =>
    verdict.violations
      .slice(0, 3)
      .map(({ kind, channel, detail }) => `- seed ${seed}, ${keeps}: ${kind} in ${channel}: ${detail}`),
  );
  return lines.length ? `**Broken promises:**\n\n${lines.join('\n')}` : '';
}

/** @param {Trial[]} trials */
function deedsText(trials) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { deeds } of trials)
    for (const [deed, count] of Object.entries(deeds)) counts.set(deed, (counts.get(deed) ?? 0) + count);
  return [...counts]
    .sort(([one], [other]) => (one < other ? 1 : -1))
    .map(([deed, count]) => `${deed} ${whole(count)}`)
    .join(', ');
}

/** @param {import('./parts.mjs').Jitter} jitter */
function jitterSection({ clients, seconds, published, cuts, counts, relayCpuS, ...spreads }) {
  const expected = published * clients;
  const { delivered, doubled, missedAndTold, missedUntold } = counts;
  return [
    '## Jitter',
    `${whole(clients)} clients in one channel with two messages a second for ${span(seconds)}. Each client’s TCP is cut ` +
      'hard about every 15 seconds, and cannot be made again for 2 seconds. Every other client’s page is then told that ' +
      'it is online, as browsers tell it; the others find out by their next attempt (full-jitter back-off).',
    markdownTable(
      [
        ['delivered', 'of', 'share', 'twice', 'missed', 'connections cut', 'processor time of the relay'],
        [
          whole(delivered),
          whole(expected),
          `**${percent(delivered, expected)}**`,
          whole(doubled),
          whole(missedAndTold + missedUntold),
          whole(cuts),
          `${short(relayCpuS)} s`,
        ],
      ],
      0,
    ),
    markdownTable(
      [
        ['delay of a message', 'messages', 'p50', 'p95', 'p99', 'longest'],
        spreadRow('while connected, from its publishing', spreads.normal),
        spreadRow('of an outage, from the network’s return, page told', spreads.returnedTold),
        spreadRow('of an outage, from the network’s return, page not told', spreads.returnedAlone),
      ],
      1,
    ),
  ].join('\n\n');
}

/** @param {string} what @param {Spread} spread */
const spreadRow = (what, { count, p50Ms, p95Ms, p99Ms, maxMs }) => [
  what,
  whole(count),
  ...[p50Ms, p95Ms, p99Ms, maxMs].map((ms) => `${short(ms)} ms`),
];

/** @param {Avalanche[]} avalanches */
function avalancheSection(avalanches) {
  const rows = avalanches.map((avalanche) => {
    const { isKilled, keeps, clients, back, backAfter, goneS, counts, relayCpuS } = avalanche;
    return [
      isKilled ? 'killed (SIGKILL)' : 'stopped (SIGTERM)',
      KEEPS[keeps],
      percent(back, clients),
      `${short(goneS)} s`,
      ...[backAfter.p50Ms, backAfter.p95Ms, backAfter.maxMs].map((ms) => `${short(ms / 1000)} s`),
      whole(counts.missedAndTold),
      `**${whole(counts.missedUntold)}**`,
      whole(counts.doubled),
      `${short(relayCpuS)} s`,
    ];
  });
  const head = [
    ...['the relay was', 'history', 'back', 'no relay for', 'p50', 'p95', 'the last one', 'missed and told'],
    ...['missed untold', 'twice', 'processor time until all were back'],
  ];
  return [
    '## Avalanche',
    `${whole(avalanches[0]?.clients ?? 0)} clients in one channel with four messages a second, and a relay that ends and ` +
      'is started again at once. Times count from the moment when the new relay listens until a client’s subscription is ' +
      'live again; clients wait as browsers do, and a relay that stops tells each of them a moment of its own. With the ' +
      'history in memory, what was published before ends with the relay: each client that missed something is told. ' +
      'Messages are counted once for each client.',
    markdownTable([head, ...rows], 2),
  ].join('\n\n');
}

/** @param {import('./parts.mjs').Soak} soak */
function soakSection({
  seconds,
  warmUpSeconds,
  clients,
  neverThere,
  published,
  delivered,
  fresh,
  before,
  after,
  grown,
}) {
  const row = (/** @type {string} */ what, /** @type {(gauges: typeof before) => string} */ of) => [
    what,
    of(fresh),
    of(before),
    of(after),
  ];
  return [
    '## Soak',
    `For ${span(seconds)}, ${whole(clients)} clients came, subscribed to two channels each, published ${whole(published)} ` +
      `messages, heard ${whole(delivered)}, and left: half of them in good order, half without a word. ` +
      `${whole(neverThere)} of them did not get there. “Fresh” is the relay before the first of them, “before” the ` +
      `relay at rest after the first ${span(warmUpSeconds)}, which warm it up.`,
    markdownTable(
      [
        ['', 'fresh', 'before', 'after'],
        row('memory', ({ residentBytes }) => megabytes(residentBytes)),
        row('descriptors', (gauges) => whole(gauges.descriptors)),
        row('tasks', ({ tasks }) => whole(tasks)),
        row('sessions', ({ sessions }) => whole(sessions)),
        row('subscriptions', ({ subscriptions }) => whole(subscriptions)),
        row('channels', ({ channels }) => whole(channels)),
      ],
      1,
    ),
    grown.length
      ? `**It has grown:** ${grown.join('; ')}.`
      : 'Everything is back where it was. What would count as grown: a tenth more memory than before, or five more descriptors or tasks, which may be closing. A channel is forgotten five minutes after its last reader and message: a soak of a minute or more waits for that.',
    '![what the relay holds during the soak](reliability/soak.svg)',
  ].join('\n\n');
}

/** @param {import('./parts.mjs').Soak} soak */
function soakPlot({ samples }) {
  const line = (
    /** @type {string} */ label,
    /** @type {number} */ colour,
    /** @type {(sample: typeof samples[0]) => number} */ of,
  ) => ({
    label,
    colour,
    points: samples.map((sample) => ({ x: sample.s / 60, y: of(sample) })),
  });
  return curveChart(
    'What the relay holds during the soak',
    { x: 'minutes', y: 'memory in MB; number of the others' },
    [
      line('memory, MB', 0, ({ residentBytes }) => residentBytes / 1e6),
      line('sessions', 2, ({ sessions }) => sessions),
      line('descriptors', 1, ({ descriptors }) => descriptors),
      line('tasks', 4, ({ tasks }) => tasks),
    ],
  );
}

/** @param {Figures} figures */
function missingSection({ parts }) {
  const missing = PART_NAMES.filter((name) => !parts[name]);
  return missing.length ? `**Not run yet:** ${missing.join(', ')}.` : '';
}

const elsewhere = () =>
  [
    '## What else is tried',
    '- The relay’s rules, the hub and the client in a simulation on a virtual clock, 5,000 seeds in every `npm test`, ' +
      'any number by `cargo run -p simulation -- --seeds N`.',
    '- The WebSocket layer against every case of Autobahn’s suite but those of compression, in every `npm test` ' +
      '(`npm test -- --only websocket`).',
    '- Every parser of foreign bytes by [fuzzing](fuzzing.md).',
    '- Every rule of the API in two browsers and in Node: [conformance](conformance.md).',
    '- Two short trials of the first kind above, in every `npm test`; besides, a crowd of 800 that returns ' +
      'while others are served, and a relay whose wall clock is set by years.',
  ].join('\n');

/** @param {Figures} figures */
function howSection({ parts }) {
  const rows = PART_NAMES.flatMap((name) => {
    const part = parts[name];
    if (!part) return [];
    return [
      [
        name,
        PARTS[name].does,
        `\`${part.command}\``,
        part.began.slice(0, 10),
        part.commit,
        part.relay,
        part.machine,
      ],
    ];
  });
  const head = ['', 'what', 'command', 'day', 'commit', 'relay', 'machine'];
  return [
    '## How it was run',
    markdownTable([head, ...rows], 7),
    'Relay and clients share the machine. `npm run reliability -- all` runs everything and writes this page; ' +
      '`npm run reliability -- --help` tells how to run a part, shorter or longer.',
  ].join('\n\n');
}

/** @param {number[]} values */
const total = (values) => values.reduce((sum, value) => sum + value, 0);
