/**
 * Where things are in this repository.
 *
 * Every script works from these absolute paths, so it does not matter which folder it is started in.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Advice } from './failure.mjs';
import { ensureHome } from './home.mjs';

/** The repository's root folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What the scripts keep between runs: logs, unpacked packages, optimised wasm. Ignored by git. */
export const buildDir = join(root, '.build');

/** The complete output of quiet steps, one file per step. */
export const logDir = join(buildDir, 'logs');

/** The npm tarballs that `npm run build` leaves. */
export const distDir = join(root, 'dist');

/** The release build of the relay. */
export const relayBinary = join(root, 'target', 'release', 'relay');

/**
 * The relay that tests start: the one that RELAY_BIN names, else the release build.
 *
 * @returns {string}
 */
export function testedRelay() {
  const program = process.env.RELAY_BIN || relayBinary;
  if (existsSync(program)) return program;
  throw new Advice(
    `There is no relay at ${program}: build it with "npm run build", or name another in RELAY_BIN.`,
  );
}

/** The user's home folder, or a folder here where that cannot be written to. */
export const home = ensureHome(join(buildDir, 'home'));

/** Tools that only the tests need, kept outside the repository so that every clone shares them. */
export const toolsDir = join(process.env.XDG_CACHE_HOME || join(home, '.cache'), 'realtime-relay', 'tools');

/**
 * A folder under `.build`, created when it is missing.
 *
 * @param {string} name
 * @returns {string} its absolute path
 */
export function buildFolder(name) {
  const folder = join(buildDir, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * The exact version of a crate that Cargo.lock holds the workspace to.
 *
 * @param {string} crate
 * @returns {string}
 */
export function lockedCrateVersion(crate) {
  return crateVersionIn(readFileSync(join(root, 'Cargo.lock'), 'utf8'), crate);
}

/**
 * The version of a crate in the text of a Cargo.lock.
 *
 * @param {string} lockFile
 * @param {string} crate
 * @returns {string}
 */
export function crateVersionIn(lockFile, crate) {
  const entry = new RegExp(`^name = "${crate}"\\nversion = "([^"]+)"`, 'm').exec(lockFile);
  if (!entry?.[1]) throw new Error(`Cargo.lock names no crate ${crate}; run \`cargo metadata\` to renew it`);
  return entry[1];
}
