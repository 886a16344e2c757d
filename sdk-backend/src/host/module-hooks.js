/**
 * Teaches Node's module loader the names that backend files of a site import: `backend/…`, `public/…`,
 * `wix-web-module`, `wix-realtime-backend` and `@wix/realtime`. Runs on the loader's own thread; registered once per
 * site.
 *
 * Names are resolved for files of the site only, and all its .js and .jsw files are ES modules whatever a
 * package.json around it says.
 *
 * @module
 */

import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** @typedef {{ root: string, packages: Record<string, string> }} Site `root`: the folder's URL, with a slash at the end */

/** @type {Site} */
let site = { root: '', packages: {} };

/** What may be left out at the end of a name. */
const ENDINGS = ['', '.js', '.jsw'];

/** @param {Site} given */
export function initialize(given) {
  site = given;
}

/**
 * @param {string} specifier
 * @param {import('node:module').ResolveHookContext} context
 * @param {(specifier: string, context?: any) => any} next
 */
export function resolve(specifier, context, next) {
  const importer = context.parentURL ?? '';
  if (!isSiteFile(importer)) return next(specifier, context);
  const url = resolveInSite(specifier, importer);
  return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
}

/**
 * @param {string} url
 * @param {import('node:module').LoadHookContext} context
 * @param {(url: string, context?: any) => any} next
 */
export async function load(url, context, next) {
  if (!isSiteFile(url) || !/\.(jsw?|json)$/.test(url)) return next(url, context);
  const source = await readFile(new URL(url), 'utf8');
  return {
    format: 'module',
    source: url.endsWith('.json') ? jsonModule(source) : source,
    shortCircuit: true,
  };
}

/**
 * A JSON file as a module whose default export is its value, as in the relay; an import needs no attribute.
 *
 * @param {string} text
 */
function jsonModule(text) {
  return `export default JSON.parse(${JSON.stringify(text)});`;
}

/** @param {string} url */
function isSiteFile(url) {
  return url.startsWith(site.root) && !url.slice(site.root.length).includes('node_modules/');
}

/**
 * @param {string} specifier
 * @param {string} importer
 * @returns {string | undefined} undefined for what Node resolves by itself
 */
function resolveInSite(specifier, importer) {
  if (Object.hasOwn(site.packages, specifier)) return site.packages[specifier];
  if (/^(backend|public)\//.test(specifier)) {
    const url = findFile(new URL(specifier, site.root));
    if (url === undefined) throw missing(specifier, importer);
    return url;
  }
  return /^\.\.?\//.test(specifier) ? findFile(new URL(specifier, importer)) : undefined;
}

/**
 * @param {URL} url
 * @returns {string | undefined}
 */
function findFile(url) {
  return ENDINGS.map((ending) => new URL(url.href + ending)).find(isFile)?.href;
}

/** @param {URL} url */
function isFile(url) {
  return existsSync(url) && statSync(url).isFile();
}

/**
 * In the words of Node's own error, which the host looks for to name the line.
 *
 * @param {string} specifier
 * @param {string} importer
 */
function missing(specifier, importer) {
  const tried = ENDINGS.map((ending) => specifier + ending).join(', ');
  return new Error(`Cannot find module '${specifier}' imported from ${importer} (there is no ${tried})`);
}
