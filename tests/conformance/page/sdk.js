/**
 * Copies of the browser SDK, each as a page has it that was just loaded.
 *
 * @module
 */

/** @typedef {typeof import('wix-realtime-frontend')} Sdk */

/** The package's own description of its entries. */
const entries = JSON.parse(document.getElementById('entries')?.textContent ?? '{}');

let copies = 0;

/**
 * The address of an entry of the package. A browser takes a module of another address for another module, so each
 * name of a copy is a copy with everything that belongs to it.
 *
 * @param {string} copy
 * @param {string} [entry]
 * @returns {string}
 */
export const entryOf = (copy, entry = '.') => entries[entry].replace('.', `/sdk/${copy}`);

/** @returns {Promise<Sdk>} */
export function loadSdk() {
  copies += 1;
  return import(entryOf(`copy-${copies}`));
}
