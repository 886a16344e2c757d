/**
 * A server of HTTP on a free port of this machine, for tests and measurements.
 */
import { once } from 'node:events';
import { LOOPBACK } from './ports.mjs';

/** @typedef {import('node:http').Server} Server */

/**
 * Resolves when it listens.
 *
 * @param {Server} server
 */
export async function listen(server) {
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
}

/**
 * Where it listens, without a `/` at the end.
 *
 * @param {Server} server
 */
export function urlOf(server) {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return `http://${LOOPBACK}:${port}`;
}

/**
 * Ends it and its connections. Resolves when it has ended.
 *
 * @param {Server} server
 */
export async function close(server) {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
