/**
 * Fingerprints of files, and stamps that remember which ones a result was made from.
 *
 * A step that is expensive and whose inputs are known by name is skipped while its fingerprint is the stamped
 * one. Contents count, times of change do not: a fresh checkout of the same files is the same input.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { buildFolder, root } from './project.mjs';

/** Folders that never hold a source. */
const SKIPPED_FOLDERS = new Set(['node_modules', 'target', '.git']);

/**
 * All files of these paths, folders walked, sorted by name. A path that does not exist has none.
 *
 * @param {readonly string[]} paths absolute
 * @returns {string[]} absolute
 */
export function filesUnder(paths) {
  return paths.flatMap(filesOf).sort();
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesOf(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !SKIPPED_FOLDERS.has(entry.name))
    .flatMap((entry) => filesOf(join(path, entry.name)));
}

/**
 * One fingerprint over the names and contents of all files under these paths, and over what else the result
 * depends on.
 *
 * @param {readonly string[]} paths absolute; files or folders
 * @param {readonly string[]} [facts] such as versions and options
 * @returns {string}
 */
export function fingerprint(paths, facts = []) {
  const hash = createHash('sha256');
  for (const fact of facts) hash.update(`fact ${fact}\0`);
  for (const file of filesUnder(paths)) {
    const content = readFileSync(file);
    hash.update(`file ${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * The stamp called `name`. Reading and writing it is cheap; it lives under `.build/stamps`.
 *
 * @param {string} name
 */
export function stamp(name) {
  const file = join(buildFolder('stamps'), name);
  return {
    /** @param {string} print */
    holds: (print) => existsSync(file) && readFileSync(file, 'utf8') === print,
    /** @param {string} print */
    set: (print) => writeFileSync(file, print),
    /** To be called before the result is touched, so that a half-made one is never taken for whole. */
    clear: () => rmSync(file, { force: true }),
  };
}
