/**
 * Reads how many tests ran out of what the test runners print.
 */
import { stripVTControlCharacters } from 'node:util';

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped ignored, cancelled, filtered out or marked as to do: everything that did not run
 */

/** One line per test program: that of libtest, and that of wasm-bindgen's runner, which leaves out `measured`. */
const CARGO_RESULT =
  /^\s*test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;(?: \d+ measured;)? (\d+) filtered out/gm;

/**
 * The sum over all test programs that a `cargo test` or `wasm-pack test` ran.
 *
 * @param {string} output
 * @returns {Counts}
 */
export function cargoCounts(output) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const match of stripVTControlCharacters(output).matchAll(CARGO_RESULT)) {
    const [passed = 0, failed = 0, ignored = 0, filteredOut = 0] = match.slice(1).map(Number);
    counts.passed += passed;
    counts.failed += failed;
    counts.skipped += ignored + filteredOut;
  }
  return counts;
}

/**
 * The totals that Node's test runner prints at its end, in its TAP or its spec form.
 *
 * @param {string} output
 * @returns {Counts}
 */
export function nodeCounts(output) {
  const text = stripVTControlCharacters(output);
  /** @param {string} word */
  const total = (word) => {
    const lines = [...text.matchAll(new RegExp(`^(?:#|ℹ) ${word} (\\d+)$`, 'gm'))];
    return Number(lines.at(-1)?.[1] ?? 0);
  };
  return {
    passed: total('pass'),
    failed: total('fail'),
    skipped: total('cancelled') + total('skipped') + total('todo'),
  };
}

/**
 * What is wrong with a group of tests that should have run completely; `undefined` when nothing is.
 *
 * @param {Counts} counts
 * @returns {string | undefined}
 */
export function shortfall({ passed, failed, skipped }) {
  if (failed > 0) return `${failed} failed`;
  if (passed === 0) return 'no test ran';
  if (skipped > 0) return `${skipped} did not run`;
  return undefined;
}
