/**
 * The frame around every script: runs it, tells its failure as a sentence, and sets the exit code.
 */
import { Advice, CommandFailed, TestsFailed } from './failure.mjs';
import { faint, red, say } from './log.mjs';
import { endAllGroups } from './processes.mjs';
import { buildDir, home } from './project.mjs';
import { requireNode } from './versions.mjs';

/** How much of a failed command's output is shown; its end is where the reason is. */
const TAIL_LINES = 80;

/** What a shell says of a program whose reader has gone. */
const NOBODY_READS = 141;

/**
 * Runs a script to its end, by a Node that is new enough for it. Nothing that it started is left running.
 *
 * @param {() => Promise<number | void>} script resolves to its exit code; nothing means 0
 */
export async function main(script) {
  let code = 1;
  endWhenNobodyReads();
  try {
    requireNode();
    if (home.startsWith(buildDir))
      say(`  note: the home folder cannot be written to; ${home} is used instead`);
    code = (await script()) ?? 0;
  } catch (error) {
    console.error(describeFailure(error));
  }
  await endAllGroups();
  process.exitCode = code;
}

/** A script whose output nobody reads any more, as in `npm test | head`, ends, and what it started does so first. */
function endWhenNobodyReads() {
  let isEnding = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', async (/** @type {NodeJS.ErrnoException} */ error) => {
      if (isEnding) return;
      isEnding = true;
      await endAllGroups();
      process.exit(error.code === 'EPIPE' ? NOBODY_READS : 1);
    });
  }
}

/**
 * What a person needs to know of an error: a sentence where we know one, else the stack.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function describeFailure(error) {
  if (error instanceof Advice) return `\n${error.message}`;
  if (error instanceof CommandFailed) return `\n${red(error.message)}\n${faint(error.tail(TAIL_LINES))}`;
  if (error instanceof TestsFailed) {
    return [`\n${red(error.message)}`, error.cause ? describeFailure(error.cause) : ''].join('\n').trimEnd();
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
