/**
 * JSON values as text for people.
 *
 * @module
 */

/** A value whose text is at most this long stays on one line. */
const ONE_LINE_CHARS = 48;

/** From this depth on nothing is indented: the blanks would outweigh the value. */
const MAX_INDENTED_DEPTH = 16;

const INDENT = '  ';

/**
 * What `JSON.parse` made of a payload, written so that nothing of it is lost: unlike `JSON.stringify` it shows
 * `Infinity` (from 1e400) and `-0` as what they are.
 *
 * @param {unknown} value a value that came from `JSON.parse`
 * @returns {string}
 */
export function formatJson(value) {
  try {
    return write(value, 0);
  } catch (error) {
    if (error instanceof RangeError) return '(nested too deeply to be shown)';
    throw error;
  }
}

/**
 * @param {unknown} value
 * @param {number} depth
 * @returns {string}
 */
function write(value, depth) {
  const line = writeLine(value);
  if (line.length <= ONE_LINE_CHARS || depth >= MAX_INDENTED_DEPTH || !isContainer(value)) return line;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const entries = entriesOf(value, (item) => write(item, depth + 1));
  const inner = `\n${INDENT.repeat(depth + 1)}`;
  return `${open}${inner}${entries.join(`,${inner}`)}\n${INDENT.repeat(depth)}${close}`;
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function writeLine(value) {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (!isContainer(value)) return JSON.stringify(value);
  const entries = entriesOf(value, writeLine).join(', ');
  if (Array.isArray(value)) return `[${entries}]`;
  return entries === '' ? '{}' : `{ ${entries} }`;
}

/**
 * @param {object} value
 * @param {(item: unknown) => string} text
 */
function entriesOf(value, text) {
  if (Array.isArray(value)) return value.map(text);
  return Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${text(item)}`);
}

/**
 * @param {unknown} value
 * @returns {value is object}
 */
function isContainer(value) {
  return typeof value === 'object' && value !== null;
}
