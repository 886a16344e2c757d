/**
 * A lock between processes: a file that names its owner. Whoever finds the owner gone takes the lock over.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './log.mjs';
import { buildDir, toolsDir } from './project.mjs';

/** How often a run that waits for another one looks again. */
const POLL_MS = 500;

let taken = 0;

/**
 * Does some work while no other process does work under the same lock.
 *
 * @template T
 * @param {string} file
 * @param {string} activity what the owner does, as in "installs the test tools"
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, activity, work) {
  const release = await takeLock(file, activity);
  try {
    return await work();
  } finally {
    release();
  }
}

/**
 * Does some work while nobody else writes the files that this clone builds.
 *
 * @template T
 * @param {() => Promise<T>} work
 */
export const whileNobodyBuilds = (work) => withLock(join(buildDir, 'build.lock'), 'builds here, too', work);

/**
 * Does some work while nobody else on this machine installs tools.
 *
 * @template T
 * @param {() => Promise<T>} work
 */
export const whileNobodyInstalls = (work) =>
  withLock(join(toolsDir, 'lock'), 'installs the test tools', work);

/**
 * Waits until nobody has the lock, then takes it. It is there with its owner's name in it or not at all, and an owner
 * is known by when it started, too: a process id comes again after a restart of the machine.
 *
 * @param {string} file
 * @param {string} activity
 * @returns {Promise<() => void>} gives the lock back
 */
export async function takeLock(file, activity) {
  taken += 1;
  const own = `${file}.${process.pid}.${taken}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(own, nameOf(process.pid));
  try {
    for (let told = false; !isLinked(own, file); ) {
      const owner = ownerOf(file);
      if (owner === undefined) continue;
      if (!isAlive(owner)) {
        takeAway(file, owner, own);
        continue;
      }
      if (!told) say(`  waiting for process ${owner.split(' ')[0]}, which ${activity}`);
      told = true;
      await sleep(POLL_MS);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => rmSync(file, { force: true });
}

/**
 * @param {string} own
 * @param {string} file
 * @returns {boolean} whether nobody had it
 */
function isLinked(own, file) {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {string | undefined} `undefined` when the lock was given back meanwhile
 */
function ownerOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Removes the lock of an owner who is gone. Should another process have done so and taken it in the same moment, it
 * gets it back.
 *
 * @param {string} file
 * @param {string} owner
 * @param {string} own
 */
function takeAway(file, owner, own) {
  const away = `${own}.away`;
  try {
    renameSync(file, away);
  } catch {
    return; // somebody else was faster
  }
  if (ownerOf(away) !== owner) isLinked(away, file);
  rmSync(away, { force: true });
}

/** @param {number} pid */
const nameOf = (pid) => `${pid} ${startOf(pid) ?? ''}`.trimEnd();

/** @param {string} owner */
function isAlive(owner) {
  const [pid, start] = owner.split(' ');
  if (!exists(Number(pid))) return false;
  return start === undefined || startOf(Number(pid)) === start;
}

/**
 * When a process started, in the ticks of the system's clock, where the system tells it.
 *
 * @param {number} pid
 * @returns {string | undefined}
 */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The 22nd word; the second is a name in parentheses, with whatever in it.
    const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Who is dead and not yet buried has no start.
    return words[0] === 'Z' ? undefined : words[19];
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function exists(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
