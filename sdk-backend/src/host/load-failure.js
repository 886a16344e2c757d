/**
 * Says where and why a backend file did not load, as a person would: file, line, reason.
 *
 * @module
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { reasonOf } from '../errors.js';
import { filesBelow } from './folders.js';

/** What is wrong with a site so that it cannot be served; the message is for the person who wrote it. */
export class SiteError extends Error {}

/**
 * @param {unknown} thrown what `import` rejected with
 * @param {string} root the site's folder
 * @param {string} path the file that was to be loaded
 */
export function explainLoadFailure(thrown, root, path) {
  const place =
    missingImportPlace(thrown) ?? stackPlace(thrown, root) ?? syntaxErrorPlace(thrown, root, path);
  const { file, line } = place ?? { file: path, line: undefined };
  const where = line === undefined ? relative(root, file) : `${relative(root, file)}:${line}`;
  const name = thrown instanceof Error ? `${thrown.name}: ` : '';
  return new SiteError(`${where}: ${name}${reasonOf(thrown)}${adviceFor(thrown)}`, { cause: thrown });
}

/**
 * Of Velo's modules a site brings with it, few are here, and no registry has the others.
 *
 * @param {unknown} thrown
 */
function adviceFor(thrown) {
  const isVelos = /^Cannot find package '(wix-|@wix\/)/.test(reasonOf(thrown));
  return isVelos
    ? ": of Velo's modules, wix-realtime-backend, wix-web-module and their newer names @wix/realtime and @wix/web-methods are here"
    : '';
}

/**
 * The first line of the site that the stack names.
 *
 * @param {unknown} thrown
 * @param {string} root
 */
function stackPlace(thrown, root) {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const start = stack.indexOf(`${pathToFileURL(root).href}/`);
  if (start === -1) return undefined;
  const [url = '', line] = /^([^\s:]+:[^\s:]+):(\d+)/.exec(stack.slice(start))?.slice(1) ?? [];
  return url === '' ? undefined : { file: fileURLToPath(url), line };
}

/**
 * An import that leads nowhere has no place in the stack: its message names both files, and the line is the one
 * that holds the name.
 *
 * @param {unknown} thrown
 */
function missingImportPlace(thrown) {
  const [, name, importer] =
    /^Cannot find (?:module|package) '(.+?)' imported from (\S+)/.exec(reasonOf(thrown)) ?? [];
  if (!name || !importer) return undefined;
  const file = importer.startsWith('file:') ? fileURLToPath(importer) : importer;
  const end = name.split('/').at(-1) ?? name;
  const lines = readFileSync(file, 'utf8').split('\n');
  const index = lines.findIndex((line) => stringsIn(line).some((text) => text.includes(end)));
  return { file, line: index === -1 ? undefined : String(index + 1) };
}

/**
 * Node keeps the place of a syntax error to itself, and prints it only when it ends because of one: so another Node
 * checks the files that may be meant, without running them.
 *
 * @param {unknown} thrown
 * @param {string} root
 * @param {string} path the likeliest file
 */
function syntaxErrorPlace(thrown, root, path) {
  if (!(thrown instanceof SyntaxError)) return undefined;
  for (const file of [path, ...scriptsBelow(join(root, 'backend')), ...scriptsBelow(join(root, 'public'))]) {
    const check = ['--check', '--input-type=module', '-'];
    const { stderr } = spawnSync(process.execPath, check, { input: readFileSync(file), encoding: 'utf8' });
    const [, line] = /^\[stdin\]:(\d+)/m.exec(stderr) ?? [];
    if (line !== undefined && stderr.includes(thrown.message)) return { file, line };
  }
  return undefined;
}

/** @param {string} folder */
function scriptsBelow(folder) {
  const scripts = filesBelow(folder).filter((file) => /\.jsw?$/.test(file));
  return scripts.map((file) => join(folder, file));
}

/** @param {string} line */
function stringsIn(line) {
  return line.match(/'[^']*'|"[^"]*"/g) ?? [];
}
