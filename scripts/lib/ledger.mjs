/**
 * Keeps what a test run did and sums it up.
 */
import { TestsFailed } from './failure.mjs';

/** @typedef {import('./counts.mjs').Counts} Counts */

/** What ran, what failed and what was not reached. */
export class Ledger {
  /** @type {{ name: string; counts: Counts }[]} */
  #suites = [];

  /** @type {string[]} names of failed steps that are no suites */
  #failedSteps = [];

  /** @type {string[]} */
  #notReached = [];

  /**
   * @param {string} name
   * @param {Counts} counts
   */
  ran(name, counts) {
    this.#suites.push({ name, counts });
  }

  /**
   * A suite that failed counts by its tests, any other step as one failure, and so does a suite in which no single
   * test failed: one that ran nothing, skipped some, or could not be run.
   *
   * @param {string} name
   * @param {unknown} error
   */
  failed(name, error) {
    if (error instanceof TestsFailed) this.ran(name, error.counts);
    if (!(error instanceof TestsFailed) || error.counts.failed === 0) this.#failedSteps.push(name);
  }

  /** @param {string} name */
  notReached(name) {
    this.#notReached.push(name);
  }

  get passed() {
    return this.#suites.reduce((sum, { counts }) => sum + counts.passed, 0);
  }

  get failures() {
    return this.#suites.reduce((sum, { counts }) => sum + counts.failed, 0) + this.#failedSteps.length;
  }

  /**
   * One line per suite, one for each failed step, what was not reached, and the closing line with the totals.
   *
   * @returns {string[]}
   */
  summary() {
    const width = Math.max(0, ...this.#suites.map(({ name }) => name.length));
    const suites = this.#suites.map(({ name, counts }) => `${name.padEnd(width)}  ${countsInWords(counts)}`);
    const failed = this.#failedSteps.map((name) => `failed: ${name}`);
    const missed = this.#notReached.length > 0 ? [`not run: ${this.#notReached.join(', ')}`] : [];
    return [...suites, ...failed, ...missed, '', `${this.passed} passed, ${this.failures} failed`];
  }
}

/**
 * @param {Counts} counts
 * @returns {string}
 */
function countsInWords({ passed, failed, skipped }) {
  const words = [`${String(passed).padStart(5)} run and passed`];
  if (failed > 0) words.push(`${failed} failed`);
  if (skipped > 0) words.push(`${skipped} not run`);
  return words.join(', ');
}
