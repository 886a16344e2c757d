/**
 * What a permission decision by script costs inside of the relay, queue and hop to the script's thread included: told by
 * a program of the relay's own, which asks as its sessions do. It runs on one core.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/project.mjs';
import { run } from '../lib/run.mjs';
import { which } from '../lib/which.mjs';

/** The example of the relay's crate, as it is built for release. */
const PROGRAM = join(root, 'target', 'release', 'examples', 'permission_latency');

/** It takes seconds. */
const LIMIT_MS = 60_000;

/** Never rejects: what failed is the outcome. @returns {Promise<import('./measure.mjs').Outcome>} */
export async function measureDecisions() {
  try {
    if (!existsSync(PROGRAM)) throw new Error(`there is nothing at ${PROGRAM}`);
    // Where nothing pins it, it has the machine: told figures are then of more than one core.
    const taskset = which(['taskset']);
    if (!taskset) throw new Error('taskset, which keeps a program on one core, is not installed');
    return readDecisions(await run(taskset, ['--cpu-list', '0', PROGRAM], { limitMs: LIMIT_MS }));
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * @param {string} told by the program
 * @returns {import('./measure.mjs').Outcome}
 */
export function readDecisions(told) {
  const alone = /^through the pool\s+p50\s+(\S+)\s+p99\s+(\S+)/m.exec(told);
  const rate = /^(\d+) decisions a second/m.exec(told);
  const [p50, p99] = [alone?.[1], alone?.[2]].map(microseconds);
  if (p50 === undefined || p99 === undefined || !rate) return { failure: 'the program told no figures' };
  return {
    printed: {
      machine: '',
      scenarios: [
        {
          figures: [
            {
              name: 'decisions',
              unit: '/s',
              better: 'higher',
              servers: { relay: { median: Number(rate[1]) } },
            },
            { name: 'decision p50', unit: 'µs', better: 'lower', servers: { relay: { median: p50 } } },
            { name: 'decision p99', unit: 'µs', better: 'lower', servers: { relay: { median: p99 } } },
          ],
        },
      ],
    },
  };
}

/** @type {Record<string, number>} */
const UNITS = { ns: 0.001, µs: 1, ms: 1_000, s: 1_000_000 };

/** @param {string | undefined} text as Rust writes a span of time, such as `3.4µs` */
function microseconds(text) {
  const [, number, unit = ''] = /^([\d.]+)(\D+)$/.exec(text ?? '') ?? [];
  const factor = UNITS[unit];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
