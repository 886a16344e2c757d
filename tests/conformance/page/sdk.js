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
 * A browser takes a module of another address for another module, so a folder of a new name is a new copy with
 * everything that belongs to it.
 *
 * @returns {Promise<Sdk>}
 */
export function loadSdk() {
  copies += 1;
  return import(entries['.'].replace('.', `/sdk/copy-${copies}`));
}
