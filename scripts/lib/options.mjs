/**
 * Reads the command line of a script.
 */
import { parseArgs } from 'node:util';
import { Advice } from './failure.mjs';

/**
 * The values of a script's options, every one a string or a switch. An unknown option, a missing value and a word
 * that belongs to no option are refused with the script's help.
 *
 * @template {Record<string, { type: 'string' | 'boolean' }>} T
 * @param {T} options
 * @param {string} help
 * @param {string[]} [args] default: this process's
 */
export function readOptions(options, help, args = process.argv.slice(2)) {
  try {
    return parseArgs({ options, args, strict: true }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Advice(`${reason}\n\n${help}`, { cause: error });
  }
}

/**
 * @param {string} option its name, for the message
 * @param {string} text
 * @returns {number}
 */
export function portNumber(option, text) {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Advice(`--${option} wants a TCP port, 1 to 65535, not "${text}"`);
}

/**
 * @param {string} option its name, for the message
 * @param {string} text
 * @returns {number}
 */
export function wholeMinutes(option, text) {
  const minutes = Number(text);
  if (Number.isInteger(minutes) && minutes > 0) return minutes;
  throw new Advice(`--${option} wants a whole number of minutes from 1 on, not "${text}"`);
}
