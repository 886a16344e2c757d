/**
 * The import map of the site's pages: it lets page code import the frontend SDK, the site's web methods and its
 * public files by the names that Velo code uses.
 *
 * @module
 */

/** @typedef {{ imports: Record<string, string> }} ImportMap */
/** @typedef {{ exports?: unknown, module?: unknown, main?: unknown }} PackageJson */

/** Where the host serves what it adds to a site. */
export const OWN_PATH = '/_realtime/';

/** By what names page code imports the frontend SDK: its own, the older one, and that of the newer surface. */
const SDK_NAMES = ['wix-realtime-frontend', 'wix-realtime', '@wix/realtime'];

/** The keys of a package's conditional exports that hold in a browser. */
const CONDITIONS = ['browser', 'import', 'module', 'default'];

/**
 * @param {object} site
 * @param {PackageJson} site.sdk the package.json of `wix-realtime-frontend`
 * @param {readonly string[]} site.webModules files below backend/, such as `chat.web.js` and `old/chat.jsw`
 * @param {readonly string[]} site.publicModules files below public/, such as `channels.js`
 * @returns {ImportMap}
 */
export function importMap({ sdk, webModules, publicModules }) {
  return {
    imports: {
      ...sdkImports(sdk),
      'wix-realtime-backend': `${OWN_PATH}server-only.js`,
      ...Object.fromEntries(webModules.flatMap(webModuleImports)),
      ...Object.fromEntries(publicModules.flatMap(publicImports)),
      'public/': '/public/',
    },
  };
}

/**
 * Where pages find the generated module of a web module: its file's path, with one `.js` at the end.
 *
 * @param {string} file below backend/
 */
export function webModuleAddress(file) {
  return `${OWN_PATH}backend/${encodeURI(withoutJs(file))}.js`;
}

/** @param {string} file */
export function withoutJs(file) {
  return file.replace(/\.js$/, '');
}

/**
 * @param {PackageJson} sdk
 * @returns {Record<string, string>}
 */
function sdkImports(sdk) {
  /** @type {Record<string, string>} */
  const imports = {};
  for (const [subpath, target] of Object.entries(exportsOf(sdk))) {
    const file = browserTarget(target);
    if (file === undefined || file.endsWith('.json')) continue;
    const address = `${OWN_PATH}sdk/${file.replace(/^\.\//, '')}`;
    for (const name of SDK_NAMES) {
      // A pattern (`./*`) becomes a prefix, which an import map writes with a slash at the end.
      imports[`${name}${subpath.slice(1)}`.replace(/\*$/, '')] = address.replace(/\*$/, '');
    }
  }
  return imports;
}

/**
 * @param {PackageJson} sdk
 * @returns {Record<string, unknown>} by subpath
 */
function exportsOf({ exports, module, main }) {
  if (exports === undefined) return { '.': module ?? main ?? './index.js' };
  if (typeof exports !== 'object' || exports === null) return { '.': exports };
  const hasSubpaths = Object.keys(exports).some((key) => key.startsWith('.'));
  return hasSubpaths ? /** @type {Record<string, unknown>} */ (exports) : { '.': exports };
}

/**
 * @param {unknown} target a file, or files by condition
 * @returns {string | undefined}
 */
function browserTarget(target) {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return undefined;
  for (const [condition, nested] of Object.entries(target)) {
    const file = CONDITIONS.includes(condition) ? browserTarget(nested) : undefined;
    if (file !== undefined) return file;
  }
  return undefined;
}

/**
 * `backend/chat.web` and `backend/chat.web.js`; an old-style `chat.jsw` is also `backend/chat`.
 *
 * @param {string} file
 * @returns {[string, string][]}
 */
function webModuleImports(file) {
  const address = webModuleAddress(file);
  const names = [file, withoutJs(file), file.replace(/\.jsw$/, '')];
  return names.map((name) => [`backend/${name}`, address]);
}

/**
 * The name without extension leads to the same address, so that a page does not get the module twice.
 *
 * @param {string} file
 * @returns {[string, string][]}
 */
function publicImports(file) {
  return [[`public/${withoutJs(file)}`, `/public/${encodeURI(file)}`]];
}
