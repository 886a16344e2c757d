/**
 * A computer that sleeps: all processes of a browser stopped and let go on, which no page and no browser can notice
 * otherwise than by the clock.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** The drivers that this process has started, and under which their browsers run. */
const DRIVER = /(?:chromedriver|geckodriver)$/;

/**
 * Stops the browser of this process for a while. Gives how many processes slept.
 *
 * @param {number} ms
 * @returns {Promise<number>}
 */
export async function sleepFor(ms) {
  const browser = processesOfBrowser();
  try {
    signal(browser, 'SIGSTOP');
    await pause(ms);
  } finally {
    signal(browser, 'SIGCONT');
  }
  return browser.length;
}

/**
 * Browsers start and end processes all the time: one that has ended meanwhile sleeps as well as any.
 *
 * @param {number[]} pids
 * @param {NodeJS.Signals} name
 */
function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
    }
  }
}

/** The processes below the drivers that this process has started. */
function processesOfBrowser() {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)));
  const below = (/** @type {number[]} */ parents) => all.filter(({ parent }) => parents.includes(parent));
  let generation = below([process.pid]).filter(({ program }) => DRIVER.test(program));
  /** @type {number[]} */
  const found = [];
  while (generation.length > 0) {
    generation = below(generation.map(({ pid }) => pid));
    found.push(...generation.map(({ pid }) => pid));
  }
  return found;
}

/**
 * One process, or none where it has ended meanwhile.
 *
 * @param {number} pid
 */
function readProcess(pid) {
  try {
    const [program = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name, which is in brackets and may have anything in it: state, parent.
    const [, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return [{ pid, program, parent: Number(parent) }];
  } catch {
    return [];
  }
}
