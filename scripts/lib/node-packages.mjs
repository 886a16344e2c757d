/**
 * Keeps `node_modules` what package-lock.json says, by `npm ci` and only when it is not.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { step } from './log.mjs';
import { root } from './project.mjs';
import { gist, run } from './run.mjs';

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 */

/** Installs what is missing or of another version. Quiet when all is there. */
export async function ensureNodePackages() {
  const difference = installedDifference();
  if (difference === undefined) return;
  await step(
    'npm packages',
    (busyWith) => run('npm', ['ci'], { log: 'npm-ci', onLine: (line) => busyWith(gist(line)) }),
    { hint: difference },
  );
}

/** @returns {string | undefined} why an install is needed */
function installedDifference() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return 'node_modules is missing';
  return lockDifference(readPackages(join(root, 'package-lock.json')), readPackages(installed));
}

/**
 * @param {string} file a lock file of npm
 * @returns {Record<string, LockedPackage>}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/**
 * How the installed packages differ from the wanted ones; `undefined` when they do not. Optional packages are
 * those of other platforms too, so they may be missing, but those that are there must be the wanted ones.
 *
 * @param {Record<string, LockedPackage>} wanted
 * @param {Record<string, LockedPackage>} installed
 * @returns {string | undefined}
 */
export function lockDifference(wanted, installed) {
  for (const [path, { version, integrity, optional }] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    if (!found && !optional) return `${path} is missing`;
    if (found && (found.version !== version || found.integrity !== integrity))
      return `${path} is not ${version}`;
  }
  const extra = Object.keys(installed).find((path) => !wanted[path]);
  return extra && `${extra} is no longer wanted`;
}
