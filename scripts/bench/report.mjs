/**
 * `npm run bench`: measures everything in interleaved rounds and writes the page. Figures and page are written anew
 * after every scenario, so that a run that is cut short leaves what it has.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, type } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { installPeers } from '../lib/bench-peers.mjs';
import { Advice } from '../lib/failure.mjs';
import { bold, duration, faint, red, say, step } from '../lib/log.mjs';
import { ensureNodePackages } from '../lib/node-packages.mjs';
import { readOptions } from '../lib/options.mjs';
import { buildDir, root } from '../lib/project.mjs';
import { buildRelay } from '../lib/relay-build.mjs';
import { run } from '../lib/run.mjs';
import { cargo, ensureRust } from '../lib/rust.mjs';
import { BROWSERS } from './browser-plan.mjs';
import { addRound } from './figures.mjs';
import { openBrowsers } from './in-browsers.mjs';
import { measure } from './measure.mjs';
import { renderReport } from './page.mjs';
import {
  chooseScenarios,
  GROWTH_SERVERS,
  QUICK,
  SCENARIOS,
  SELDOM_ROUNDS,
  SELDOM_SERVERS,
  SERVERS,
} from './plan.mjs';

/** @typedef {import('./figures.mjs').Run} Run */
/** @typedef {import('./plan.mjs').Scenario} Scenario */
/** @typedef {typeof BROWSERS[number]} BrowserName */

/** What a quick look has time for. */
const QUICK_BROWSERS = ['Chromium'];
const QUICK_SERVERS = ['relay', 'bare', 'bun', 'nats'];

export const HELP = `\
npm run bench                    builds, installs the peers it can, measures, and writes docs/benchmarks.md
npm run bench -- --quick         a single look in under two minutes once all is built, kept out of docs/: ${QUICK_SERVERS.join(',')},
                                 and the browser SDK in ${QUICK_BROWSERS}
npm run bench -- sdk             the browser SDK alone, in browsers, kept out of docs/
npm run bench -- report OPTIONS
  --rounds N           rounds, servers taking turns; the median counts (5); of ${SELDOM_SERVERS.join(', ')}, and of memory: ${SELDOM_ROUNDS}
  --seconds N          that a round measures (1)
  --patience N         seconds that a round may wait for other programs to leave the machine alone (3)
  --minutes N          begins no further measurement this long after the first one (no end)
  --servers A,B        ${Object.keys(SERVERS).join(',')} (all)
  --scenarios A,B      ids, or standard, growth, all (all): ${SCENARIOS.map(({ id }) => id)
    .join(', ')
    .replaceAll(/(.{60,90}), /g, '$1,\n                       ')}
  --browsers A,B       Chromium,Firefox, or none: where the browser SDK is measured beside others (both)
  --out DIR            where benchmarks.md and benchmarks/ are written (docs)
  --from FILE          makes the page of the figures in FILE, and measures nothing
npm run bench -- help              what else the load generator can do`;

const OPTIONS = /** @type {const} */ ({
  quick: { type: 'boolean' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  patience: { type: 'string' },
  minutes: { type: 'string' },
  servers: { type: 'string' },
  scenarios: { type: 'string' },
  browsers: { type: 'string' },
  out: { type: 'string' },
  from: { type: 'string' },
  help: { type: 'boolean' },
});

/** What `npm run bench -- --quick` changes. */
const QUICK_DEFAULTS = { rounds: 1, seconds: 0.5, patience: 1, minutes: 1.75 };
const DEFAULTS = { rounds: 5, seconds: 1, patience: 3, minutes: Number.POSITIVE_INFINITY };

/**
 * @param {readonly string[]} line the command line, with or without `report` or `sdk` in front
 * @returns what it asks for, checked
 */
export function readRequest(line) {
  const isOfSdk = line[0] === 'sdk';
  const args = line.slice(isOfSdk || line[0] === 'report' ? 1 : 0);
  const given = readOptions(OPTIONS, HELP, [...args]);
  const defaults = given.quick ? QUICK_DEFAULTS : DEFAULTS;
  const servers = listed(given.servers) ?? (given.quick ? QUICK_SERVERS : Object.keys(SERVERS));
  const unknownServers = servers.filter((server) => !(server in SERVERS));
  const wanted = listed(given.scenarios) ?? (isOfSdk ? [] : given.quick ? QUICK : ['all']);
  const { chosen, unknown } = chooseScenarios(wanted);
  const inBrowsers = given.browsers === 'none' ? [] : listed(given.browsers);
  const browsers = inBrowsers ?? (given.quick && !isOfSdk ? QUICK_BROWSERS : [...BROWSERS]);
  const noBrowsers = browsers.filter((name) => !BROWSERS.some((known) => known === name));
  const strangers = [...unknownServers, ...unknown, ...noBrowsers];
  if (strangers.length > 0) throw new Advice(`There is no ${strangers.join(', no ')}.\n\n${HELP}`);
  return {
    help: given.help ?? false,
    from: given.from,
    out: resolve(root, given.out ?? (given.quick || isOfSdk ? join(buildDir, 'benchmarks') : 'docs')),
    rounds: Math.ceil(above('rounds', given.rounds, defaults.rounds)),
    seconds: above('seconds', given.seconds, defaults.seconds),
    patience: above('patience', given.patience, defaults.patience, true),
    minutes: above('minutes', given.minutes, defaults.minutes),
    // The relay is what all others are compared with.
    servers: Object.keys(SERVERS).filter((server) => server === 'relay' || servers.includes(server)),
    growthServers: listed(given.servers) ? servers : GROWTH_SERVERS,
    scenarios: chosen,
    browsers: BROWSERS.filter((name) => browsers.includes(name)),
  };
}

/** @param {string | undefined} list */
const listed = (list) =>
  list
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);

/**
 * @param {string} option
 * @param {string | undefined} text
 * @param {number} otherwise
 * @param {boolean} [mayBeZero]
 */
function above(option, text, otherwise, mayBeZero = false) {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && (value > 0 || (mayBeZero && value === 0))) return value;
  throw new Advice(`--${option} wants a number above 0, not "${text}"`);
}

/**
 * Does what the command line asks for.
 *
 * @param {readonly string[]} args of `npm run bench --`, with or without `report` or `sdk` in front
 */
export async function report(args) {
  const request = readRequest(args);
  if (request.help) return say(HELP);
  if (request.from) return say(`written: ${writeReport(readRun(request.from), request.out)}`);
  const { figures, env } = await prepare(request, args);
  const browsers = await openBrowsers(figures, request.browsers);
  // What had to be built and installed first takes nothing of it.
  const deadline = Date.now() + request.minutes * 60_000;
  try {
    await measureRounds(figures, {
      ...request,
      servers: figures.servers,
      deadline,
      measurer: (scenario, server) =>
        measure(scenario, server, { seconds: request.seconds, patience: request.patience, env }),
      browsers: browsers.names,
      inBrowser: browsers.round,
      save: (run) => writeReport(run, request.out),
    });
  } finally {
    await browsers.close();
  }
  say(`\n${bold('written:')} ${writeReport(figures, request.out)}`);
}

/**
 * Builds and installs what servers need.
 *
 * @param {ReturnType<typeof readRequest>} request
 * @param {readonly string[]} args
 * @returns {Promise<{ figures: Run, env: Record<string, string> }>} figures that are empty, and where servers are
 */
async function prepare({ servers, scenarios, rounds, seconds, patience }, args) {
  await ensureNodePackages();
  await ensureRust();
  const wanted = scenarios.length > 0 ? servers : [];
  if (wanted.length > 0) {
    await buildRelay();
    await buildLoadGenerator(scenarios.some(({ isOfDecisions }) => isOfDecisions));
  }
  const { env, versions, missing } = await installPeers(wanted);
  for (const { server, why } of missing)
    say(`${red('✗')} ${server} cannot be installed and is left out: ${why}`);
  /** @type {Run} */
  const figures = {
    format: 1,
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    began: new Date().toISOString(),
    commit: await commit(),
    machine: describeMachine(),
    versions,
    how: { rounds, seconds, patience },
    servers: wanted.filter((server) => !missing.some((other) => other.server === server)),
    missing,
    complete: false,
    scenarios: [],
  };
  return { figures, env };
}

/**
 * All scenarios on all servers, round after round. Each outcome is kept, and saved with each scenario.
 *
 * @param {Run} figures what is filled
 * @param {object} plan
 * @param {number} plan.rounds
 * @param {readonly string[]} plan.servers
 * @param {readonly string[]} plan.growthServers those among them that growing scenarios are measured on
 * @param {readonly Scenario[]} plan.scenarios
 * @param {number} plan.deadline no measurement begins after it, as `Date.now` counts
 * @param {(scenario: Scenario, server: string) => ReturnType<typeof measure>} plan.measurer
 * @param {readonly BrowserName[]} [plan.browsers] measured in at the end of each round
 * @param {(browser: BrowserName, round: number) => Promise<unknown>} [plan.inBrowser] rounds from 1
 * @param {(run: Run) => void} plan.save
 */
export async function measureRounds(figures, plan) {
  const isOver = () => Date.now() >= plan.deadline;
  for (let round = 1; round <= plan.rounds; round++) {
    for (const { scenario, take } of plan.scenarios.flatMap(takesOf)) {
      for (const server of plan.servers) {
        if (scenario.growth && !plan.growthServers.includes(server)) continue;
        if (scenario.servers && !scenario.servers.includes(server)) continue;
        if (round > SELDOM_ROUNDS && scenario.isSteady) continue;
        if ((round > SELDOM_ROUNDS || take > 1) && SELDOM_SERVERS.includes(server)) continue;
        if (isOver()) return tellOver();
        const began = Date.now();
        const outcome = await plan.measurer(scenario, server);
        addRound(figures, scenario.id, server, outcome);
        if ('printed' in outcome) figures.machine = outcome.printed.machine || figures.machine;
        const what = `${round}/${plan.rounds} ${scenario.id}, ${server}`;
        tellOutcome(what, scenario, outcome, Date.now() - began);
      }
      plan.save(figures);
    }
    for (const browser of plan.browsers ?? []) {
      if (isOver()) return tellOver();
      await plan.inBrowser?.(browser, round);
      plan.save(figures);
    }
  }
  figures.complete = true;
}

/** @param {Scenario} scenario */
const takesOf = (scenario) =>
  Array.from({ length: scenario.takes ?? 1 }, (_, before) => ({ scenario, take: before + 1 }));

const tellOver = () => say(faint('the time is over: what was measured stays'));

/**
 * @param {string} what
 * @param {Scenario} scenario
 * @param {Awaited<ReturnType<typeof measure>>} outcome
 * @param {number} ms
 */
function tellOutcome(what, scenario, outcome, ms) {
  if ('failure' in outcome) return say(`${red('✗')} ${what}: ${outcome.failure}`);
  const figure = outcome.printed.scenarios[0]?.figures.find(({ name }) => name === scenario.headline);
  const value = Object.values(figure?.servers ?? {})[0]?.median;
  const text = value?.toLocaleString('en-US', { maximumSignificantDigits: 3 }) ?? '–';
  say(`  ${what}: ${text} ${figure?.unit ?? ''}  ${faint(duration(ms))}`);
}

/** @param {string} file */
function readRun(file) {
  try {
    const figures = /** @type {Run} */ (JSON.parse(readFileSync(resolve(root, file), 'utf8')));
    if (figures.format === 1) return figures;
  } catch (cause) {
    throw new Advice(`${file} cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  throw new Advice(`${file} holds no figures of \`npm run bench -- report\``);
}

/**
 * Writes the figures, the page and its plots, each file whole or not at all; plots that belong to an earlier run go.
 *
 * @param {Run} figures
 * @param {string} folder
 * @returns {string} the page
 */
export function writeReport(figures, folder) {
  const files = renderReport(figures);
  mkdirSync(join(folder, 'benchmarks'), { recursive: true });
  write(join(folder, 'benchmarks', 'figures.json'), figuresText(figures));
  for (const [path, content] of Object.entries(files)) write(join(folder, path), content);
  for (const name of readdirSync(join(folder, 'benchmarks'))) {
    if (name.endsWith('.svg') && !(`benchmarks/${name}` in files)) rmSync(join(folder, 'benchmarks', name));
  }
  return join(folder, 'benchmarks.md');
}

/** @param {Run} figures */
export const figuresText = (figures) => `${JSON.stringify(figures, null, 1)}\n`;

/**
 * @param {string} file
 * @param {string} content
 */
function write(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

/** @param {boolean} withDecisions whether the program that measures permission decisions is wanted, too */
async function buildLoadGenerator(withDecisions) {
  const build = (/** @type {string} */ name, /** @type {string[]} */ target) =>
    step(
      `${name}, release build`,
      (busyWith) => cargo(['build', '--release', '--package', ...target], { log: 'bench-build', busyWith }),
      { hint: 'a minute the first time' },
    );
  await build('load generator', ['realtime-bench']);
  if (withDecisions)
    await build('permission decisions', ['realtime-relay', '--example', 'permission_latency']);
}

/** The machine in the load generator's words, for a run that it has no part in. */
const describeMachine = () =>
  `${cpus()[0]?.model ?? 'a processor'}, ${cpus().length} cores, ${type()} ${release()}`;

/** The commit of the sources, with a plus where they were changed since. */
async function commit() {
  try {
    const head = await run('git', ['rev-parse', '--short', 'HEAD']);
    const changes = await run('git', [
      'status',
      '--porcelain',
      '--',
      '.',
      ':!docs/benchmarks.md',
      ':!docs/benchmarks',
    ]);
    return `${head.trim()}${changes.trim() ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}
