/**
 * What the sections of the page are put together from.
 */
import { median, rounded, values, withUnit } from './figures.mjs';

/** @typedef {import('./figures.mjs').Measured} Measured */

/** Ratios as near to 1 as this are the machine's mood, not a difference. */
export const NOISE = 0.03;

/** How many times as good we were; in bold where we were not. @param {number} ratio */
export const ratioWord = (ratio) => (ratio < 1 ? `**${ratio.toFixed(2)}**` : ratio.toFixed(2));

/**
 * A figure's median, and on demand the lowest and highest of several rounds.
 *
 * @param {Measured} measured
 * @param {string} server
 * @param {string} figure
 * @param {boolean} [withRange]
 */
export function valueText(measured, server, figure, withRange = false) {
  const all = values(measured, server, figure);
  const kind = measured.figures[figure];
  const middle = median(all);
  if (middle === undefined || !kind) return measured.servers[server]?.failures.length ? 'failed' : '–';
  const text = withUnit(middle, kind.unit);
  if (!withRange || all.length < 2 || kind.better === 'neither') return text;
  return `${text} (${rounded(Math.min(...all))} to ${rounded(Math.max(...all))})`;
}

/** A reason as code, so that nothing in it is Markdown. @param {string} text */
export const inline = (text) =>
  `\`${text.replaceAll('`', "'").replaceAll(/\s+/g, ' ').trim().slice(0, 300)}\``;

/**
 * @param {string[][]} rows the first is the head
 * @param {number} firstNumber the column from which on cells are numbers, after the first one
 */
export function markdownTable([head = [], ...rows], firstNumber) {
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = head.map((_, column) => (column > 0 && column >= firstNumber ? '---:' : '---'));
  return [line(head), `|${rule.join('|')}|`, ...rows.map(line)].join('\n');
}
