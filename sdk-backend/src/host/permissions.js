/**
 * The site's `backend/realtime-permissions.js`, for a relay that asks the host about permissions instead of running the
 * file itself.
 *
 * @module
 */

import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readRules } from '../endpoint/endpoint.js';
import { nodeReply } from '../endpoint/handlers.js';
import { explainLoadFailure, SiteError } from './load-failure.js';

const FILE = 'backend/realtime-permissions.js';
const HOOK = 'realtime_check_permission';

/** In the relay's own words. */
const NO_HOOK = `does not export \`${HOOK}\`, which the relay calls for every subscription. With the permissions router, \
these lines do:

    export function ${HOOK}(channel, subscriber) {
      return permissionsRouter.check(channel, subscriber);
    }
`;

/**
 * Answers the relay's questions by the site's hook. Throws a SiteError when the file does not load or has no hook;
 * without a file everyone may read, as in a relay without one.
 *
 * @param {string} dir the site's folder; its web modules have been loaded
 * @param {string} secrets shared with the relay; several are separated by commas
 * @param {(line: string) => void} log
 * @returns {Promise<(request: import('node:http').IncomingMessage) => Promise<import('../replies.js').Reply>>}
 */
export async function loadPermissions(dir, secrets, log) {
  const check = await loadHook(dir, log);
  const rules = readRules({ check, secret: secrets.split(','), log });
  return (request) => nodeReply(request, rules);
}

/**
 * The site's hook. Throws as {@link loadPermissions} does.
 *
 * @param {string} dir
 * @param {(line: string) => void} log
 * @returns {Promise<import('../../index.d.ts').PermissionsHandler>}
 */
export async function loadHook(dir, log) {
  const root = realpathSync(dir);
  const path = join(root, FILE);
  if (!existsSync(path)) {
    log(
      `permissions: there is no ${FILE}, so a relay that asks is told that EVERYONE may read EVERY channel`,
    );
    return () => ({ read: true });
  }
  const { [HOOK]: hook } = await importFile(root, path);
  if (hook === undefined) throw new SiteError(`${FILE}: ${NO_HOOK}`);
  if (typeof hook !== 'function')
    throw new SiteError(`${FILE}: exports \`${HOOK}\`, but it is not a function`);
  log(`permissions: answering a relay that asks, by ${FILE}`);
  return hook;
}

/**
 * @param {string} root
 * @param {string} path
 */
async function importFile(root, path) {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    throw explainLoadFailure(error, root, path);
  }
}
