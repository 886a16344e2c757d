/**
 * Finds out which TCP ports of the loopback address are free.
 */
import { createServer } from 'node:net';

/** Every server that the scripts start listens on this machine alone. */
export const LOOPBACK = '127.0.0.1';

/**
 * A port that was free a moment ago: the wanted one, or any when that one is taken.
 *
 * @param {number} wanted
 * @returns {Promise<number>}
 */
export async function freePortNear(wanted) {
  return (await tryPort(wanted)) ?? (await anyFreePort());
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export async function isFree(port) {
  return (await tryPort(port)) !== undefined;
}

/** @returns {Promise<number>} */
async function anyFreePort() {
  const port = await tryPort(0);
  if (port === undefined) throw new Error(`no free TCP port on ${LOOPBACK}`);
  return port;
}

/**
 * @param {number} port 0 for any
 * @returns {Promise<number | undefined>} the port, or `undefined` when it cannot be listened on
 */
function tryPort(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      const address = probe.address();
      const bound = typeof address === 'object' && address ? address.port : undefined;
      probe.close(() => resolve(bound));
    });
  });
}
