/**
 * The child processes of a script, each leading its own process group, so that none outlives it.
 *
 * A child often has children itself (wasm-pack runs cargo, which runs a driver, which runs a browser). Each is
 * started as the leader of a group, and it is the group that is ended: first asked with SIGTERM, then, after a
 * grace period, killed. Groups are addressed by id; nothing is ever looked for by name.
 */
import { spawn } from 'node:child_process';

/** How long a group may take to end itself before it is killed. Longer than the relay's own stop deadline. */
const GRACE_MS = 10_000;

/** The exit codes that shells give for an end by these signals. */
const SIGNAL_EXIT_CODES = /** @type {const} */ ({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 });

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** @type {(() => void) | undefined} what a script wants to do instead of ending when a signal arrives */
let signalListener;

/**
 * Starts a command as the leader of a new process group. Its standard input is empty.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string; env: NodeJS.ProcessEnv }} options
 * @returns {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>}
 */
export function spawnGroup(command, args, { cwd, env }) {
  installHandlers();
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  // What the leader left behind in its group goes with it; it would hold the pipes open, too.
  child.once('exit', () => signalGroup(child, 'SIGKILL'));
  child.once('close', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

/**
 * Ends a child's whole group and waits until it is gone.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} [graceMs] how long it may take before it is killed
 * @returns {Promise<void>}
 */
export async function endGroup(child, graceMs = GRACE_MS) {
  if (!running.has(child)) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
  await closed;
  clearTimeout(timer);
}

/**
 * Kills a child's whole group, which gets no chance to say anything, and waits until it is gone.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<void>}
 */
export async function killGroup(child) {
  if (!running.has(child)) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  signalGroup(child, 'SIGKILL');
  await closed;
}

/** Ends every child that still runs. */
export async function endAllGroups() {
  await Promise.all([...running].map((child) => endGroup(child)));
}

/**
 * Waits for SIGINT, SIGTERM or SIGHUP. From this call on, the first of them no longer ends the script, which is
 * expected to do so itself; a second one still does, at once.
 *
 * @returns {Promise<void>}
 */
export function signalArrives() {
  installHandlers();
  return new Promise((resolve) => {
    signalListener = resolve;
  });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

let handlersInstalled = false;

/** Signals end the children first; an exit by any other way kills what is left. */
function installHandlers() {
  if (handlersInstalled) return;
  handlersInstalled = true;
  let isSecond = false;
  for (const [signal, code] of Object.entries(SIGNAL_EXIT_CODES)) {
    process.on(signal, async () => {
      if (isSecond) process.exit(code);
      isSecond = true;
      if (signalListener) return signalListener();
      await endAllGroups();
      process.exit(code);
    });
  }
  process.on('exit', () => {
    for (const child of running) signalGroup(child, 'SIGKILL');
  });
}
