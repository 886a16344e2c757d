/**
 * The web modules of a site: finds `*.web.js` and `*.jsw` below its backend folder and loads them.
 *
 * @module
 */

import { realpathSync } from 'node:fs';
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesBelow } from './folders.js';
import { explainLoadFailure } from './load-failure.js';

/** @typedef {(...args: any[]) => any} WebFunction */

/**
 * @typedef {object} WebModule
 * @property {string} file below backend/, with forward slashes
 * @property {ReadonlyMap<string, WebFunction>} functions by name of export
 */

const WEB_MODULE = /\.(web\.js|jsw)$/;

const BACKEND = new URL('../index.js', import.meta.url).href;
const WEB_MODULES = new URL('../web-module.js', import.meta.url).href;
const SERVICE_PLUGINS = new URL('../service-plugins.js', import.meta.url).href;

/** What backend files get for these names, wherever the site itself is installed. */
const PACKAGES = {
  'wix-realtime-backend': BACKEND,
  'wix-realtime-backend/service-plugins': SERVICE_PLUGINS,
  'wix-web-module': WEB_MODULES,
  '@wix/web-methods': WEB_MODULES,
  '@wix/realtime': BACKEND,
  '@wix/realtime/service-plugins': SERVICE_PLUGINS,
};

/**
 * Loads all web modules, in the order of their names. Throws a SiteError with file, line and reason at the first
 * that does not load.
 *
 * @param {string} dir the site's folder
 * @returns {Promise<WebModule[]>}
 */
export async function loadWebModules(dir) {
  const root = realpathSync(dir);
  register('./module-hooks.js', {
    parentURL: import.meta.url,
    data: { root: `${pathToFileURL(root).href}/`, packages: PACKAGES },
  });
  const modules = [];
  for (const file of filesBelow(join(root, 'backend'))) {
    if (WEB_MODULE.test(file)) modules.push(await loadWebModule(root, file));
  }
  return modules;
}

/**
 * @param {string} root
 * @param {string} file
 * @returns {Promise<WebModule>}
 */
async function loadWebModule(root, file) {
  const path = join(root, 'backend', file);
  try {
    const exports = await import(pathToFileURL(path).href);
    const functions = Object.entries(exports).filter(([, value]) => typeof value === 'function');
    return { file, functions: new Map(functions) };
  } catch (error) {
    throw explainLoadFailure(error, root, path);
  }
}
