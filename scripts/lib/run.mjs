/**
 * Runs a command to its end, quietly: its output goes to a log file and is shown only when it fails.
 */
import { createWriteStream } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { CommandFailed } from './failure.mjs';
import { endGroup, spawnGroup } from './processes.mjs';
import { buildFolder, root } from './project.mjs';

/** The longest step takes five minutes on two cores with nothing else to do; what takes six times as long hangs. */
const DEFAULT_LIMIT_MS = 30 * 60_000;

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] default: the repository's root
 * @property {Record<string, string | undefined>} [env] added to this process's environment
 * @property {string} [log] name of the log file under `.build/logs`; none: nothing is kept
 * @property {(line: string) => void} [onLine] called with each line of output, as it comes
 * @property {number} [limitMs] stopped and failed after this long
 */

/**
 * Runs a command and resolves to everything that it printed, standard output and standard error in the order
 * they came. Rejects with `CommandFailed` on any exit code but 0, a signal, a command that cannot be started, or
 * when the limit has passed.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<string>}
 */
export async function run(command, args, options = {}) {
  const { cwd = root, env = {}, log, onLine, limitMs = DEFAULT_LIMIT_MS } = options;
  const logFile = log ? join(buildFolder('logs'), `${log}.log`) : undefined;
  const sink = logFile ? createWriteStream(logFile) : undefined;
  const commandLine = [command, ...args].join(' ');
  sink?.write(`$ ${commandLine}\n`);

  const child = spawnGroup(command, args, { cwd, env: { ...process.env, ...env } });
  /** @type {string[]} */
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
      lines.push(line);
      sink?.write(`${line}\n`);
      onLine?.(line);
    });
  }

  let overdue = false;
  const limit = setTimeout(() => {
    overdue = true;
    void endGroup(child);
  }, limitMs);
  const outcome = await ended(child);
  clearTimeout(limit);
  await new Promise((resolve) => (sink ? sink.end(() => resolve(undefined)) : resolve(undefined)));

  const output = lines.join('\n');
  if (!overdue && outcome === undefined) return output;
  throw new CommandFailed({
    commandLine,
    outcome: overdue ? `was stopped at its limit of ${limitMs / 1000} s` : String(outcome),
    hasEnded: !overdue && child.exitCode !== null && child.exitCode > 0,
    output,
    logFile: logFile && relative(root, logFile),
  });
}

/**
 * How a child ended; `undefined` means well.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<string | undefined>}
 */
function ended(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(signal ? `was ended by ${signal}` : `ended with exit code ${code}`);
    });
  });
}

/**
 * The last meaningful words of a line, to quote as what a step is busy with: no colours, no indent, not too long.
 *
 * @param {string} line
 * @returns {string}
 */
export function gist(line) {
  const text = stripVTControlCharacters(line).trim();
  return text.length > 70 ? `${text.slice(0, 69)}…` : text;
}
