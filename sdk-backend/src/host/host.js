/**
 * The host of a site folder: puts the parts together, listens, and stops.
 *
 * @module
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Problem } from '../replies.js';
import { isLoopback } from '../settings.js';
import { PublicFiles } from './files.js';
import { filesBelow } from './folders.js';
import { findFrontendSdk } from './frontend-sdk.js';
import { importMap } from './import-map.js';
import { loadPermissions } from './permissions.js';
import { send } from './replies.js';
import { createRoutes } from './routes.js';
import { Sessions } from './sessions.js';
import { WebMethods } from './web-methods.js';
import { loadWebModules } from './web-modules.js';

/**
 * @typedef {object} HostOptions
 * @property {string} dir the site's folder
 * @property {{ host: string, port: number }} listen port 0 for any that is free
 * @property {string} relayUrl the relay's address, as pages reach it
 * @property {string | undefined} sdk the folder of `wix-realtime-frontend`, if it is not installed for the site
 * @property {string | undefined} tokenSecret the secret shared with the relay
 * @property {string | undefined} [permissionsSecret] the secret by which a relay's questions about permissions are
 *   known; without one the host answers none
 * @property {boolean} isProxyTrusted whether X-Forwarded-Proto and X-Forwarded-Host are those of a proxy of ours
 * @property {(line: string) => void} log
 */

/**
 * @typedef {object} Host
 * @property {string} url where it listens
 * @property {() => Promise<void>} stop lets what is under way finish, for a few seconds at most
 */

/** A request that has not arrived whole by then is not going to. */
const REQUEST_TIMEOUT_MS = 30_000;

/** How long a stop waits for answers that are under way. */
const STOP_TIMEOUT_MS = 5_000;

/**
 * Loads the site and serves it. Throws a SiteError when a file of it does not load or the frontend SDK is not found.
 *
 * @param {HostOptions} options
 * @returns {Promise<Host>}
 */
export async function startHost(options) {
  const { listen, log } = options;
  const routes = createRoutes(await assemble(options));
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS });
  server.on('request', (request, response) => void answer(server, routes, request, response, log));
  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  return { url: urlOf(server), stop: () => stop(server) };
}

/**
 * @param {HostOptions} options
 * @returns {Promise<import('./routes.js').Parts>}
 */
async function assemble({ dir, listen, relayUrl, sdk, tokenSecret, permissionsSecret, isProxyTrusted, log }) {
  const { folder, packageJson } = findFrontendSdk({ given: sdk, dir, cwd: process.cwd() });
  const modules = await loadWebModules(dir);
  log(`serving ${dir}, web modules: ${modules.map(({ file }) => file).join(', ') || 'none'}`);
  const sessions = new Sessions(tokenSecret);
  const map = importMap({
    sdk: packageJson,
    webModules: modules.map(({ file }) => file),
    publicModules: filesBelow(join(dir, 'public')).filter((file) => file.endsWith('.js')),
  });
  return {
    siteFiles: new PublicFiles(dir, ['backend']),
    sdkFiles: new PublicFiles(folder),
    sessions,
    webMethods: new WebMethods(modules, log),
    permissions: permissionsSecret ? await loadPermissions(dir, permissionsSecret, log) : undefined,
    pageSetup: { importMap: map, relayUrl, hasSetup: sessions.isShared },
    isProxyTrusted,
    isLocal: !isProxyTrusted && isLoopback(listen.host),
  };
}

/**
 * @param {import('node:http').Server} server
 * @param {ReturnType<typeof createRoutes>} routes
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {(line: string) => void} log
 */
async function answer(server, routes, request, response, log) {
  const reply = await routes(request).catch((error) => {
    if (error instanceof Problem) return error.toReply();
    if (!request.destroyed) log(`${request.method} ${request.url} failed: ${inspect(error)}`);
    return new Problem('internal', 'the server failed; its log says why').toReply();
  });
  // A connection kept alive would hold up the stop.
  if (!server.listening) response.setHeader('connection', 'close');
  // A browser that goes away in the middle of an answer needs no word about it.
  await send(response, reply).catch(() => response.destroy());
}

/** @param {import('node:http').Server} server */
function urlOf(server) {
  const { address, port, family } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** @param {import('node:http').Server} server */
async function stop(server) {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), STOP_TIMEOUT_MS);
  await closed;
  clearTimeout(timer);
}
