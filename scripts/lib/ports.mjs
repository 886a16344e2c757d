/**
 * Finds out which TCP ports of the loopback address are free.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Every server that the scripts start listens on this machine alone. */
export const LOOPBACK = '127.0.0.1';

/** Below it are the ports of well-known services, and those that developers like. */
const LOWEST = 10_240;

/** Where most systems begin to give ports away themselves. */
const USUAL_FIRST_GIVEN = 32_768;

/** Where Linux says from which port on it gives them away. */
const GIVEN_RANGE = '/proc/sys/net/ipv4/ip_local_port_range';

/** A range in which so many are taken is exhausted. */
const MAX_TRIES = 1_000;

/** What was found here before, which may not be in use yet. @type {Set<number>} */
const found = new Set();

/**
 * A port that was free a moment ago: the wanted one, or another when that one is taken.
 *
 * @param {number} wanted
 * @returns {Promise<number>}
 */
export async function freePortNear(wanted) {
  return (await tryPort(wanted)) ?? (await freePort());
}

/**
 * A free port that stays free until it is used, be it now or again after a pause: one that the system gives to nobody
 * who asks for any, and that this process was not told before.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  const end = Math.max(firstGiven(), LOWEST + MAX_TRIES);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = LOWEST + Math.floor(Math.random() * (end - LOWEST));
    if (found.has(port) || !(await isFree(port))) continue;
    found.add(port);
    return port;
  }
  throw new Error(`no free TCP port on ${LOOPBACK} from ${LOWEST} to ${end - 1}`);
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export async function isFree(port) {
  return (await tryPort(port)) !== undefined;
}

/** @returns {number} the first of the ports that the system gives away itself */
function firstGiven() {
  try {
    return Number.parseInt(readFileSync(GIVEN_RANGE, 'utf8'), 10);
  } catch {
    return USUAL_FIRST_GIVEN;
  }
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
