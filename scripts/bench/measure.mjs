/**
 * One measurement: one scenario on one server, once, by the load generator as a process of its own. Whatever goes wrong
 * in it is its outcome, and nobody else's.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { endGroup, spawnGroup } from '../lib/processes.mjs';
import { buildFolder, relayBinary, root } from '../lib/project.mjs';
import { measureDecisions } from './decisions.mjs';

/** @typedef {import('./figures.mjs').Printed} Printed */
/** @typedef {import('./plan.mjs').Scenario} Scenario */

/** @typedef {{ printed: Printed } | { failure: string }} Outcome */

/** The load generator's release build. */
export const loadGenerator = join(root, 'target', 'release', 'realtime-bench');

/** Besides the seconds that it measures and waits, no measurement takes as long: it hangs. */
const LIMIT_MS = 60_000;

/** A load generator that was told to end does so at once. */
const END_MS = 2_000;

/**
 * @typedef {object} How
 * @property {number} seconds that a round measures
 * @property {number} patience seconds that a round may wait for a quiet machine
 * @property {Record<string, string>} env where the servers are
 * @property {string} [program] default: the load generator's release build
 * @property {number} [limitMs] default: a minute and those seconds
 */

/**
 * Never rejects: what failed is the outcome.
 *
 * @param {Scenario} scenario
 * @param {string} server
 * @param {How} how
 * @returns {Promise<Outcome>}
 */
export async function measure(scenario, server, how) {
  if (scenario.isOfDecisions) return measureDecisions();
  const { seconds, patience, env, program = loadGenerator } = how;
  const limitMs = how.limitMs ?? LIMIT_MS + (seconds + patience) * 1_000;
  const flags = (scenario.relayFlags ?? []).map((flag) => `--relay-flag=${flag}`);
  const args = [
    ...scenario.args,
    ...['--servers', scenario.relayAs ?? server, '--rounds', '1', '--json'],
    ...['--seconds', String(seconds), '--patience', String(patience)],
    ...flags,
  ];
  const child = spawnGroup(program, args, {
    cwd: root,
    // Temporary files, a relay's history among them, are on the disk that the sources are on, and not in memory.
    env: { ...process.env, RELAY_BIN: relayBinary, TMPDIR: buildFolder('bench-data'), ...env },
  });
  let overdue = false;
  const limit = setTimeout(() => {
    overdue = true;
    void endGroup(child, END_MS);
  }, limitMs);
  const [printed, told, outcome] = await Promise.all([all(child.stdout), all(child.stderr), ended(child)]);
  clearTimeout(limit);
  if (overdue) return { failure: `it was stopped after ${limitMs / 1000} s` };
  if (outcome !== 0) return { failure: reasonIn(told) ?? `the load generator ended with ${outcome}` };
  try {
    return { printed: JSON.parse(printed.join('\n')) };
  } catch {
    return { failure: 'the load generator printed no figures' };
  }
}

/**
 * @param {import('node:stream').Readable} stream
 * @returns {Promise<string[]>} its lines
 */
async function all(stream) {
  const lines = [];
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    lines.push(line);
  }
  return lines;
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number | string>} its exit code, or what else happened to it
 */
function ended(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'nothing to say'));
  });
}

/**
 * What the load generator says last, without its name.
 *
 * @param {string[]} told
 */
function reasonIn(told) {
  const own = told.findLast((line) => line.startsWith('realtime-bench: '));
  const reason = own?.slice('realtime-bench: '.length) ?? told.findLast((line) => line.trim() !== '');
  return reason && stripVTControlCharacters(reason);
}
