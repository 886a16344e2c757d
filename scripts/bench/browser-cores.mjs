/**
 * A core for the page, and another one for all that feeds it: the browser's other processes, the driver, and this process
 * with the stub. Left to the system, they push each other from core to core, and a page's rate differs by a third from
 * one second to the next.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** How the command lines of processes look that run pages: Chromium's, and Firefox's. */
const RUNS_PAGES = /--type=renderer |-contentproc .* tab $/;

/**
 * @typedef {object} Process
 * @property {number} pid
 * @property {number} parent
 * @property {string} command
 */

/**
 * Separates the pages that this process has opened from all others that it has started. Does nothing on machines that
 * cannot, or have one core.
 *
 * @returns {{ isDone: boolean, undo: () => void }}
 */
export function separatePages() {
  const nothing = { isDone: false, undo: () => {} };
  const cores = allowed();
  const [first, second] = cores;
  if (first === undefined || second === undefined) return nothing;
  const mine = family();
  const pages = mine.filter(({ command }) => RUNS_PAGES.test(command));
  if (pages.length === 0) return nothing;
  for (const one of mine) put(one.pid, pages.includes(one) ? [second] : [first]);
  return { isDone: put(process.pid, [first]), undo: () => void put(process.pid, cores) };
}

/** The cores that this process may run on. @returns {number[]} */
function allowed() {
  try {
    const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
    return list.split(',').flatMap((range) => {
      const [from = 0, to = from] = range.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    });
  } catch {
    return [];
  }
}

/** All processes that come from this one. @returns {Process[]} */
function family() {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(processOf);
  const found = all.filter(({ parent }) => parent === process.pid);
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid));
  return found;
}

/**
 * @param {string} pid
 * @returns {Process[]} none when it has ended meanwhile
 */
function processOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return [{ pid: Number(pid), parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]), command }];
  } catch {
    return [];
  }
}

/**
 * Puts a process with all its threads on some cores.
 *
 * @param {number} pid
 * @param {number[]} cores
 * @returns {boolean} whether it is there
 */
function put(pid, cores) {
  const args = ['--all-tasks', '--cpu-list', '--pid', cores.join(','), String(pid)];
  try {
    execFileSync('taskset', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
