/**
 * Figures that were made up, for the tests of what is made of figures.
 *
 * @module
 */
import { addRound } from '../bench/figures.mjs';

/** @typedef {import('../bench/figures.mjs').Run} Run */

/**
 * A run without a figure.
 *
 * @returns {Run}
 */
export const emptyRun = (servers = ['relay', 'bare', 'bun']) => ({
  format: 1,
  command: 'npm run bench -- report --rounds 2',
  began: '2026-01-02T03:04:05.000Z',
  commit: 'abc1234',
  machine: 'a processor, 2 cores, Linux 1.2',
  versions: { relay: '0.1.0', Bun: '1.0.0' },
  how: { rounds: 2, seconds: 1, patience: 3 },
  servers,
  missing: [],
  complete: true,
  scenarios: [],
});

/**
 * What a measurement gives that had these figures.
 *
 * @param {Record<string, [number, string, 'higher' | 'lower' | 'neither']>} figures
 */
export const printed = (figures) => ({
  printed: {
    machine: 'a machine',
    scenarios: [
      {
        figures: Object.entries(figures).map(([name, [value, unit, better]]) => ({
          name,
          unit,
          better,
          servers: { 'as people call it': { median: value } },
        })),
      },
    ],
  },
});

/**
 * What a measurement of deliveries gives.
 *
 * @param {number} rate
 * @param {number} cost
 */
export const deliveries = (rate, cost) =>
  printed({
    deliveries: [rate, '/s', 'higher'],
    'server CPU per delivery': [cost, 'µs', 'lower'],
    'cores busy with others': [0.01, '', 'neither'],
  });

/** A run in which the relay is ahead, behind, and beside a server that failed. */
export function sampleRun() {
  const run = emptyRun();
  for (const [server, rates] of /** @type {const} */ ([
    ['relay', [9_000_000, 11_000_000]],
    ['bare', [20_000_000, 20_000_000]],
    ['bun', [5_000_000, 5_000_000]],
  ])) {
    for (const rate of rates) addRound(run, 'bursts-64', server, deliveries(rate, 1e6 / rate));
  }
  addRound(run, 'many-channels', 'relay', deliveries(1_000_000, 0.9));
  addRound(run, 'many-channels', 'bun', deliveries(1_250_000, 0.8));
  addRound(run, 'many-channels', 'bare', { failure: 'nothing came for 10 seconds, `for` answers' });
  for (const at of [100, 1_000, 10_000]) {
    addRound(run, `subscribers-${at}`, 'relay', deliveries(1e6, 10 / Math.log10(at)));
    addRound(run, `subscribers-${at}`, 'bare', deliveries(1e6, Math.log10(at)));
    addRound(run, `subscribers-${at}`, 'bun', deliveries(1e6, 2));
  }
  return run;
}
