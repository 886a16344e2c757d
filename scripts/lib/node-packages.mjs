/**
 * Keeps `node_modules` what package-lock.json says, by `npm ci` and only when it is not.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { step } from './log.mjs';
import { root } from './project.mjs';
import { patiently } from './retry.mjs';
import { gist, run } from './run.mjs';

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 */

/** Where the bundlers and checkers are that the packages are tried with: too much to make `npm start` wait for. */
const packageTestsFolder = join(root, 'tests', 'packages');

/** Where other servers' packages are. */
const benchPeersFolder = join(root, 'bench', 'peers');

/** Where other browser SDKs are. */
const benchBrowserFolder = join(root, 'bench', 'browser');

/** Installs what is missing or of another version. Quiet when all is there. */
export const ensureNodePackages = () => ensureInstalled(root, 'npm packages', 'npm-ci');

/** The same for what only the tests of the packages need. */
export const ensurePackageTestTools = () =>
  ensureInstalled(packageTestsFolder, 'bundlers and checkers', 'npm-ci-package-tests');

/** The same for the servers that benchmarks are run against. */
export const ensureBenchPeers = () =>
  ensureInstalled(benchPeersFolder, 'other servers', 'npm-ci-bench-peers');

/** The same for the browser SDKs that benchmarks are run against. */
export const ensureBenchBrowserPeers = () =>
  ensureInstalled(benchBrowserFolder, 'other browser SDKs', 'npm-ci-bench-browser');

/**
 * @param {string} folder with a package-lock.json
 * @param {string} name of the step
 * @param {string} log
 */
async function ensureInstalled(folder, name, log) {
  const difference = installedDifference(folder);
  if (difference === undefined) return;
  await step(
    name,
    (busyWith) =>
      patiently('npm ci', () =>
        run('npm', ['ci'], { cwd: folder, log, onLine: (line) => busyWith(gist(line)) }),
      ),
    { hint: difference },
  );
}

/**
 * @param {string} folder
 * @returns {string | undefined} why an install is needed
 */
function installedDifference(folder) {
  const installed = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return 'node_modules is missing';
  return lockDifference(readPackages(join(folder, 'package-lock.json')), readPackages(installed));
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
