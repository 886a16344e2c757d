/**
 * The ways a script ends early that are told as a sentence instead of a stack trace.
 */

/** Something that the person at the keyboard can put right; the message says how. */
export class Advice extends Error {
  /** @override */
  name = 'Advice';
}

/** A command that ended with another exit code than 0, or that was stopped at its time limit. */
export class CommandFailed extends Error {
  /** @override */
  name = 'CommandFailed';

  /**
   * @param {object} facts
   * @param {string} facts.commandLine
   * @param {string} facts.outcome how it ended, as in "ended with exit code 1"
   * @param {string} facts.output everything it printed
   * @param {string | undefined} facts.logFile where that is kept, when it is
   * @param {boolean} [facts.hasEnded] whether it ended by itself: false when it was stopped or could not be started
   */
  constructor({ commandLine, outcome, output, logFile, hasEnded = false }) {
    super(`${commandLine} ${outcome}`);
    this.hasEnded = hasEnded;
    this.output = output;
    this.logFile = logFile;
  }

  /**
   * The end of its output and where all of it is.
   *
   * @param {number} maxLines
   * @returns {string}
   */
  tail(maxLines) {
    const lines = this.output.trimEnd().split('\n');
    const shown = lines.slice(-maxLines).map((line) => `    ${line}`);
    if (lines.length > shown.length) shown.unshift(`    … ${lines.length - shown.length} earlier lines`);
    if (this.logFile) shown.push(`  all of it: ${this.logFile}`);
    return shown.join('\n');
  }
}

/** A suite of tests that did not run completely and well. Its cause, when it has one, is the failed command. */
export class TestsFailed extends Error {
  /** @override */
  name = 'TestsFailed';

  /**
   * @param {string} message
   * @param {ErrorOptions & { counts: import('./counts.mjs').Counts }} options counts: what ran all the same
   */
  constructor(message, { counts, ...options }) {
    super(message, options);
    this.counts = counts;
  }
}
