/**
 * Runs again what failed for a moment only: a registry that is busy, a line that broke, a package manager that another
 * one keeps waiting. Each repetition is said, with its reason.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailed } from './failure.mjs';
import { say } from './log.mjs';

/** The pauses before each repetition: a busy registry is back after the second, a restarted one after the last. */
const PAUSES_MS = [2_000, 10_000, 30_000];

/** How often a lock of somebody else's is looked at, and for how long: another install takes minutes. */
const LOCK_PAUSE_MS = 5_000;
const LOCK_LIMIT_MS = 15 * 60_000;

/** What apt-get and dpkg say when another one of them is at work. */
const LOCKED = /Could not get lock|Unable to acquire the dpkg|Unable to lock/;

/** What cargo and rustup say of the network, in contrast to what they say of code. */
const OF_THE_NETWORK = new RegExp(
  [
    'spurious network error',
    'network failure',
    'failed to (download|fetch|query|get|connect)',
    'unable to (update|get packages)',
    'could not (download|resolve|connect)',
    'got (408|429|5\\d\\d)\\b',
    'tim(ed|e) ?out',
    'connection (reset|refused|closed)',
    '\\[\\d+\\] \\w.*curl',
  ].join('|'),
  'i',
);

/** Lines that tell why a program failed, in the words of apt-get, npm, pip and cargo. */
const TELLING = /\berr(or)?\b|^E: |fail|unable|could not|cannot|timed out/i;

/** How long a reason may be in a line that quotes it. */
const MAX_REASON_CHARS = 160;

/**
 * @typedef {object} Patience
 * @property {readonly number[]} [pausesMs] before each repetition
 * @property {(failure: CommandFailed) => boolean} [isWorthIt] whether it may work another time; default: always
 * @property {number} [lockPauseMs]
 * @property {number} [lockLimitMs]
 * @property {(line: string) => void} [tell] is told of each repetition; default: says it
 */

/**
 * Does what asks others, again after a pause when a command of it failed. What cannot be started, or was stopped at its
 * limit, is not repeated: the programs have limits of their own for a network that is silent. A lock that somebody
 * else holds is waited for and counts as no attempt.
 *
 * @template T
 * @param {string} what as the beginning of a sentence: "npm ci"
 * @param {() => Promise<T>} attempt leaves nothing behind that keeps it from being done again
 * @param {Patience} [patience]
 * @returns {Promise<T>}
 */
export async function patiently(what, attempt, patience = {}) {
  const { pausesMs = PAUSES_MS, isWorthIt = () => true } = patience;
  const { lockPauseMs = LOCK_PAUSE_MS, lockLimitMs = LOCK_LIMIT_MS, tell = say } = patience;
  let waitedMs = 0;
  for (let failures = 0; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof CommandFailed) || !error.hasEnded) throw error;
      if (LOCKED.test(error.output) && waitedMs < lockLimitMs) {
        if (waitedMs === 0) tell(`  ${what} waits for another one: ${reasonOf(error)}`);
        waitedMs += lockPauseMs;
        await sleep(lockPauseMs);
        continue;
      }
      const pauseMs = pausesMs[failures];
      if (pauseMs === undefined || !isWorthIt(error)) throw error;
      failures += 1;
      tell(`  ${what} failed and is tried again in ${pauseMs / 1000} s: ${reasonOf(error)}`);
      await sleep(pauseMs);
    }
  }
}

/**
 * Whether cargo or rustup failed for want of the network.
 *
 * @param {CommandFailed} failure
 */
export const isOfTheNetwork = ({ output }) => OF_THE_NETWORK.test(output);

/**
 * Why a command failed: the last line of its output that tells it, else how it ended.
 *
 * @param {CommandFailed} failure
 */
function reasonOf({ message, output }) {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/complete log of this run|notice/i.test(line));
  const reason = lines.findLast((line) => TELLING.test(line)) ?? lines.at(-1) ?? message;
  return reason.length > MAX_REASON_CHARS ? `${reason.slice(0, MAX_REASON_CHARS - 1)}…` : reason;
}
