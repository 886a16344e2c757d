/**
 * Runs servers for as long as a script needs them.
 */
import { createInterface } from 'node:readline';
import { CommandFailed } from './failure.mjs';
import { endGroup, killGroup, spawnGroup } from './processes.mjs';
import { root } from './project.mjs';

/** A server is ready in half a second; one that has not said by then where it listens is not going to. */
const READY_LIMIT_MS = 60_000;

/** What the relay and the backend host print once they accept connections. */
const LISTENING = /listening on (http:\/\/\S+)/;

/** How much of a server's output is kept to explain why it ended. */
const KEPT_LINES = 100;

/**
 * @typedef {object} Service
 * @property {string} url where it listens, such as `http://127.0.0.1:8787`
 * @property {Promise<string>} ended resolves to how it ended, whoever ended it
 * @property {() => Promise<void>} stop asks it to stop, waits, and kills it when it does not
 * @property {() => Promise<void>} kill ends it as a crash would
 */

/**
 * Starts a server and waits until it says where it listens. Rejects with `CommandFailed`, its output included, when
 * it ends or stays silent instead.
 *
 * @param {object} service
 * @param {string} service.command
 * @param {readonly string[]} service.args
 * @param {Record<string, string | undefined>} [service.env] added to this process's environment
 * @param {string} [service.cwd] default: the repository's root
 * @param {(line: string) => void} [service.onLine] called with each line it prints
 * @param {RegExp} [service.listening] how it says where it listens: what it captures becomes the `url`
 * @returns {Promise<Service>}
 */
export async function startService({
  command,
  args,
  env = {},
  cwd = root,
  onLine = () => {},
  listening = LISTENING,
}) {
  const child = spawnGroup(command, args, { cwd, env: { ...process.env, ...env } });
  /** @type {string[]} */
  const kept = [];
  /** @type {(url: string) => void} */
  let found = () => {};
  const url = new Promise((/** @type {(url: string) => void} */ resolve) => {
    found = resolve;
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      kept.push(line);
      if (kept.length > KEPT_LINES) kept.shift();
      onLine(line);
      const address = listening.exec(line)?.[1];
      if (address) found(address);
    });
  }
  const ended = outcomeOf(child);
  const stop = () => endGroup(child);
  const first = await Promise.race([
    url.then((value) => ({ url: value })),
    ended.then((outcome) => ({ outcome })),
    overdue().then((outcome) => ({ outcome })),
  ]);
  if ('url' in first) return { url: first.url, ended, stop, kill: () => killGroup(child) };
  await stop();
  throw new CommandFailed({
    commandLine: [command, ...args].join(' '),
    outcome: first.outcome,
    output: kept.join('\n'),
    logFile: undefined,
  });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<string>}
 */
function outcomeOf(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => {
      resolve(signal ? `was ended by ${signal}` : `ended with exit code ${code}`);
    });
  });
}

/** @returns {Promise<string>} */
function overdue() {
  return new Promise((resolve) => {
    setTimeout(() => resolve('did not say where it listens'), READY_LIMIT_MS).unref();
  });
}
