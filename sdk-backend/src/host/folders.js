/**
 * What is in a folder.
 *
 * @module
 */

import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * The files below a folder, sorted, without hidden ones; none if there is no such folder.
 *
 * @param {string} folder
 * @returns {string[]} with forward slashes
 */
export function filesBelow(folder) {
  /** @type {string[]} */
  const files = [];
  /** @param {string} current */
  const visit = (current) => {
    for (const entry of readdirSync(current, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      const path = join(current, entry.name);
      if (entry.isDirectory()) visit(path);
      else files.push(relative(folder, path).split(sep).join('/'));
    }
  };
  try {
    visit(folder);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
  }
  return files.sort();
}
