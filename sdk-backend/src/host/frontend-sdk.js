/**
 * Finds the installed `wix-realtime-frontend`, whose files the host serves to pages.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { reasonOf } from '../errors.js';
import { SiteError } from './load-failure.js';

/** @typedef {{ folder: string, packageJson: import('./import-map.js').PackageJson }} FrontendSdk */

const NAME = 'wix-realtime-frontend';

/**
 * The package in `given`, else the one that is installed for `dir`, else for `cwd`. Throws a SiteError when there is
 * none.
 *
 * @param {{ given: string | undefined, dir: string, cwd: string }} places
 * @returns {FrontendSdk}
 */
export function findFrontendSdk({ given, dir, cwd }) {
  if (given !== undefined) return readPackage(given);
  const folder = [dir, cwd].map(installedFor).find((found) => found !== undefined);
  if (folder !== undefined) return readPackage(folder);
  throw new SiteError(
    `${NAME} is not installed for ${dir}: run "npm install ${NAME}" there, or name its folder with --sdk DIR`,
  );
}

/**
 * Looks into node_modules here and in each folder above, as Node does.
 *
 * @param {string} start
 * @returns {string | undefined}
 */
function installedFor(start) {
  const folder = join(resolve(start), 'node_modules', NAME);
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(resolve(start));
  return parent === resolve(start) ? undefined : installedFor(parent);
}

/**
 * @param {string} folder
 * @returns {FrontendSdk}
 */
function readPackage(folder) {
  const file = join(folder, 'package.json');
  try {
    return { folder, packageJson: JSON.parse(readFileSync(file, 'utf8')) };
  } catch (error) {
    throw new SiteError(`${folder} is not the folder of ${NAME}: ${reasonOf(error)}`, { cause: error });
  }
}
