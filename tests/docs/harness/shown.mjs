/**
 * Comparing what was printed with what a document shows.
 *
 * @module
 */

/**
 * Whether a text is as it is shown, where `…` stands for anything within a line.
 *
 * @param {string} text
 * @param {string} shown
 */
export function isAsShown(text, shown) {
  const literal = (/** @type {string} */ part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${shown.split('…').map(literal).join('.*')}$`).test(text);
}
