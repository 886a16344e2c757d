/**
 * `permissionsEndpoint`: the backend answers the relay's questions about permissions over HTTP.
 *
 * @module
 */

import { kindOf } from '../channel.js';
import { badInput } from '../errors.js';
import { permissionsRouter } from '../router.js';
import { FaultLog } from './fault-log.js';
import { fetchHandler, nodeHandler } from './handlers.js';

/** @typedef {import('../../index.d.ts').PermissionsEndpointOptions} Options */
/** @typedef {import('../../index.d.ts').PermissionsEndpoint} Endpoint */

/** Longer than a relay waits by default, so that it is the relay who decides how long is too long. */
const DEFAULT_TIMEOUT_MS = 5_000;

/** The longest time that a timer of Node can wait: 2^31 - 1 ms. */
const MAX_TIMEOUT_MS = 2_147_483_647;

/**
 * Handlers for `POST …/v1/check-subscriber-permissions`, for a relay that was started with `--permissions-url`.
 *
 * Throws a bad-input error when there is no secret to know the relay by, unless `unsigned` says that nobody else can
 * reach the address.
 *
 * @param {Options} [options]
 * @returns {Endpoint}
 */
export function permissionsEndpoint(options = {}) {
  const rules = readRules(options);
  const node = nodeHandler(rules);
  return Object.freeze({ node, express: node, fetch: fetchHandler(rules) });
}

/**
 * What the options mean. Throws as {@link permissionsEndpoint} does.
 *
 * @param {Options} options
 * @returns {import('./handlers.js').Rules}
 */
export function readRules({ check, secret, unsigned, timeoutMs = DEFAULT_TIMEOUT_MS, log = console.error }) {
  if (check !== undefined && typeof check !== 'function') {
    throw badInput(
      `permissionsEndpoint({ check }): check is realtime_check_permission, not ${kindOf(check)}`,
    );
  }
  if (!(typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) {
    throw badInput(
      `permissionsEndpoint({ timeoutMs }): a number of milliseconds from 1 to ${MAX_TIMEOUT_MS}`,
    );
  }
  return {
    check,
    router: permissionsRouter.check,
    secrets: readSecrets(secret, unsigned),
    timeoutMs,
    log,
    faults: new FaultLog(log),
  };
}

/**
 * @param {unknown} given
 * @param {unknown} unsigned
 * @returns {readonly string[] | undefined}
 */
function readSecrets(given, unsigned) {
  const secrets = [given ?? process.env.RELAY_PERMISSIONS_SECRET?.split(',') ?? []].flat();
  if (!secrets.every((secret) => typeof secret === 'string' && secret !== '')) {
    throw badInput('permissionsEndpoint({ secret }): a string that is not empty, or an array of them');
  }
  if (secrets.length > 0) return /** @type {string[]} */ (secrets);
  if (unsigned === true) return undefined;
  throw badInput(
    'permissionsEndpoint needs RELAY_PERMISSIONS_SECRET, the secret shared with the relay, to know its questions; ' +
      'where nobody but the relay can reach the address, { unsigned: true } does without',
  );
}
