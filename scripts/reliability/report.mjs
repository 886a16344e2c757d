/**
 * `npm run reliability`: carries the parts out, one after the other, and writes figures and page anew after each, so that a
 * run that is cut short leaves what it has.
 */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, type } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Advice, CommandFailed } from '../lib/failure.mjs';
import { ensureFaketime } from '../lib/faketime.mjs';
import { bold, faint, red, say, step } from '../lib/log.mjs';
import { readOptions } from '../lib/options.mjs';
import { buildDir, relayBinary, root } from '../lib/project.mjs';
import { buildRelay } from '../lib/relay-build.mjs';
import { run } from '../lib/run.mjs';
import { cargo, ensureRust } from '../lib/rust.mjs';
import { renderReliability } from './page.mjs';
import { isGood, PART_NAMES, PARTS } from './parts.mjs';

/** @typedef {import('./parts.mjs').Figures} Figures */
/** @typedef {import('./parts.mjs').PartName} PartName */
/** @typedef {import('./parts.mjs').Request} Request */

/** The program's release build. */
const program = join(root, 'target', 'release', 'faults');

/** How much longer than its minutes a part may take: to gather, to come to rest, to forget channels. */
const LONGER_MS = 20 * 60_000;

export const HELP = `\
npm run reliability -- [PART] [OPTIONS]

carries out all parts, or one, and writes docs/reliability.md:
${PART_NAMES.map((name) => `  ${name.padEnd(20)} ${PARTS[name].does}; ${PARTS[name].minutes} minutes`).join('\n')}
  page                 nothing: makes the page of the figures that are there

  --minutes N          of each part (but avalanche, which takes what it takes)
  --seed N             of everything that is left to chance (1); faults counts on from it, one for each trial
  --clients N          of jitter (2000) and avalanche (5000)
  --quick              short and with fewer clients, kept out of docs/
  --out DIR            where reliability.md and reliability/ are written (docs)
  --relay FILE         another relay than the release build of these sources
  --help               this text`;

const OPTIONS = /** @type {const} */ ({
  minutes: { type: 'string' },
  seed: { type: 'string' },
  clients: { type: 'string' },
  quick: { type: 'boolean' },
  out: { type: 'string' },
  relay: { type: 'string' },
  help: { type: 'boolean' },
});

/**
 * @param {readonly string[]} args the command line
 * @returns what it asks for, checked
 */
export function readRequest(args) {
  const [first = 'all', ...rest] = args[0]?.startsWith('--') ? ['all', ...args] : args;
  const given = readOptions(OPTIONS, HELP, rest);
  const names = first === 'all' ? PART_NAMES : PART_NAMES.filter((name) => name === first);
  if (names.length === 0 && first !== 'page') throw new Advice(`There is no part "${first}".\n\n${HELP}`);
  const quick = given.quick ?? false;
  return {
    names,
    help: given.help ?? false,
    relay: given.relay && resolve(root, given.relay),
    out: resolve(root, given.out ?? (quick ? join(buildDir, 'reliability') : 'docs')),
    quick,
    minutes: number('minutes', given.minutes, (value) => value > 0, 'a number above 0'),
    seed: number('seed', given.seed, isNatural, 'a whole number'),
    clients: number(
      'clients',
      given.clients,
      (value) => isNatural(value) && value > 0,
      'a whole number above 0',
    ),
  };
}

/** @param {number} value */
const isNatural = (value) => Number.isSafeInteger(value) && value >= 0;

/**
 * @param {string} option
 * @param {string | undefined} text
 * @param {(value: number) => boolean} isRight
 * @param {string} right in words
 */
function number(option, text, isRight, right) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && isRight(value)) return value;
  throw new Advice(`--${option} wants ${right}, not "${text}"`);
}

/**
 * Does what the command line asks for. Resolves to the exit code: 1 when a part did not do what it should.
 *
 * @param {readonly string[]} args
 */
export async function reliability(args) {
  const request = readRequest(args);
  if (request.help) {
    say(HELP);
    return 0;
  }
  const figures = readFigures(request.out);
  const relay = request.relay ?? relayBinary;
  if (request.names.length > 0) await build(request.relay);
  for (const name of request.names) {
    const part = await carryOut(name, request, relay);
    figures.parts = { ...figures.parts, [name]: { ...(await circumstances(args, relay)), ...part } };
    writeReliability(figures, request.out);
  }
  say(`\n${bold('written:')} ${writeReliability(figures, request.out)}`);
  const bad = request.names.filter((name) => !isGood(name, figures.parts));
  for (const name of bad) say(`${red('✗')} ${name}: not everything was as it should be, see the page`);
  return bad.length > 0 ? 1 : 0;
}

/** @param {string | undefined} otherRelay */
async function build(otherRelay) {
  await ensureRust();
  if (!otherRelay) await buildRelay();
  await step(
    'fault proxy, clients and judge, release build',
    (busyWith) => cargo(['build', '--release', '--package', 'faults'], { log: 'faults-build', busyWith }),
    { hint: 'some minutes the first time' },
  );
}

/**
 * @param {PartName} name
 * @param {Request} request
 * @param {string} relay
 */
async function carryOut(name, request, relay) {
  const { args, does, minutes: usual, quickMinutes } = PARTS[name];
  const minutes = request.minutes ?? (request.quick ? quickMinutes : usual);
  const began = new Date().toISOString();
  say(`${bold(name)} ${faint(`${does}; about ${minutes} minutes`)}`);
  const folder = mkdtempSync(join(tmpdir(), 'reliability-'));
  const file = join(folder, 'report.json');
  try {
    await run(program, [...args(request, minutes), '--report', file], {
      env: { RELAY_BIN: relay, ...(name === 'faults' ? await clockEnvironment() : {}) },
      limitMs: minutes * 60_000 + LONGER_MS,
      log: `reliability-${name}`,
      onLine: (line) => say(faint(`  ${line}`)),
    });
    return { began, result: JSON.parse(readFileSync(file, 'utf8')) };
  } catch (error) {
    // Whoever found something has written it down all the same.
    const result = error instanceof CommandFailed ? readIfThere(file) : undefined;
    if (result === undefined) throw error;
    return { began, result: JSON.parse(result) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns {Promise<Record<string, string>>} */
async function clockEnvironment() {
  const faketime = await ensureFaketime();
  if ('library' in faketime) return { LIBFAKETIME: faketime.library };
  say(faint(`  without jumps of the wall clock: ${faketime.why}`));
  return {};
}

/**
 * @param {readonly string[]} args
 * @param {string} relay
 */
async function circumstances(args, relay) {
  return {
    command: ['npm run reliability', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    commit: await commit(),
    machine: machine(),
    relay: (await run(relay, ['--version'])).trim().replace(/^relay /, ''),
  };
}

/** Processor, cores and kernel, as far as /proc tells. */
function machine() {
  const model = /^model name\s*: (.*)$/m.exec(readIfThere('/proc/cpuinfo') ?? '')?.[1] ?? 'unknown processor';
  return `${model}, ${cpus().length} cores, ${type()} ${release()}`;
}

/** The commit of the sources, with a plus where they were changed since. */
async function commit() {
  try {
    const head = await run('git', ['rev-parse', '--short', 'HEAD']);
    const own = [':!docs/reliability.md', ':!docs/reliability'];
    const changes = await run('git', ['status', '--porcelain', '--', '.', ...own]);
    return `${head.trim()}${changes.trim() ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}

/** The figures of earlier runs, or none. @param {string} folder @returns {Figures} */
function readFigures(folder) {
  const text = readIfThere(figuresFile(folder));
  return text === undefined ? { format: 1, parts: {} } : JSON.parse(text);
}

/** @param {string} folder */
const figuresFile = (folder) => join(folder, 'reliability', 'figures.json');

/** @param {string} file @returns {string | undefined} */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Writes the figures, the page and its plot, each file whole or not at all.
 *
 * @param {Figures} figures
 * @param {string} folder
 * @returns {string} the page
 */
export function writeReliability(figures, folder) {
  const files = {
    'reliability/figures.json': `${JSON.stringify(figures, null, 1)}\n`,
    ...renderReliability(figures),
  };
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  }
  return join(folder, 'reliability.md');
}
