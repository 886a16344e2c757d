/**
 * `npm start`: builds what is missing, starts the relay and the backend host with the demo site, and keeps them
 * until it is told to stop.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Advice } from './lib/failure.mjs';
import { bold, faint, say } from './lib/log.mjs';
import { main } from './lib/main.mjs';
import { ensureNodePackages } from './lib/node-packages.mjs';
import { portNumber, readOptions } from './lib/options.mjs';
import { hostProgram, packPackages, unpackedFrontend } from './lib/packages.mjs';
import { freePortNear, isFree, LOOPBACK } from './lib/ports.mjs';
import { endAllGroups, signalArrives } from './lib/processes.mjs';
import { relayBinary, root } from './lib/project.mjs';
import { buildRelay } from './lib/relay-build.mjs';
import { ensureRust } from './lib/rust.mjs';
import { startService } from './lib/services.mjs';
import { buildWasm } from './lib/wasm.mjs';

/** The site that is served, and where its permissions are. */
const site = join(root, 'www');
const permissions = join(site, 'backend', 'realtime-permissions.js');

const DEFAULT_PORTS = { page: 8080, relay: 8787 };

/** The key of a relay on this machine that was given none. It guards nothing: only this machine can reach it. */
const DEV_API_KEY = 'dev';

const HELP = `npm start [-- OPTIONS]

Builds Realtime Relay where needed, then runs it with the demo site until Ctrl-C.

  --port N         where the page is served     (default ${DEFAULT_PORTS.page}, or any free port when that is taken)
  --relay-port N   where the relay listens      (default ${DEFAULT_PORTS.relay}, or any free port when that is taken)
  --help           this text

RELAY_API_KEY and RELAY_TOKEN_SECRET are used when they are set. Otherwise the key for publishing is "${DEV_API_KEY}", so that
the command on the page works as it is, and the secret is made up for this run.`;

await main(async () => {
  const options = readOptions(
    { port: { type: 'string' }, 'relay-port': { type: 'string' }, help: { type: 'boolean' } },
    HELP,
  );
  if (options.help) return say(HELP);
  const ports = {
    page: await choosePort('port', options.port, DEFAULT_PORTS.page),
    relay: await choosePort('relay-port', options['relay-port'], DEFAULT_PORTS.relay),
  };
  const sdk = await build();
  return await serve(ports, sdk);
});

/**
 * The port asked for, which must be free, or one near the default.
 *
 * @param {string} option
 * @param {string | undefined} wanted
 * @param {number} preferred
 * @returns {Promise<number>}
 */
async function choosePort(option, wanted, preferred) {
  if (wanted === undefined) return freePortNear(preferred);
  const port = portNumber(option, wanted);
  if (await isFree(port)) return port;
  throw new Advice(
    `Port ${port} of ${LOOPBACK} is taken. Choose another with --${option}, or leave that out.`,
  );
}

/** @returns {Promise<string>} the folder of the browser SDK, as its npm package unpacks */
async function build() {
  await ensureNodePackages();
  await ensureRust();
  await buildRelay();
  await buildWasm();
  const { frontend } = await packPackages();
  return unpackedFrontend(frontend);
}

/**
 * Runs both servers until a signal arrives, which ends both and exits with 0, or until one of them ends by itself.
 *
 * @param {{ page: number; relay: number }} ports
 * @param {string} sdk
 * @returns {Promise<number>} the exit code
 */
async function serve(ports, sdk) {
  const told = signalArrives();
  const env = {
    RELAY_API_KEY: process.env.RELAY_API_KEY || DEV_API_KEY,
    RELAY_TOKEN_SECRET: process.env.RELAY_TOKEN_SECRET || randomBytes(32).toString('base64url'),
  };
  const relay = await startService({
    command: relayBinary,
    args: ['serve', '--listen', `${LOOPBACK}:${ports.relay}`, '--permissions', permissions],
    env,
    onLine: prefixed('relay'),
  });
  const host = await startService({
    command: process.execPath,
    args: [hostProgram, 'serve', site, '--listen', `${LOOPBACK}:${ports.page}`, '--sdk', sdk],
    env: { ...env, RELAY_API_KEY: firstKey(env.RELAY_API_KEY), RELAY_URL: relay.url },
    onLine: prefixed('host'),
  });
  say(`\n  ${bold('Hello Realtime')} is at  ${bold(host.url)}   ${faint('Ctrl-C stops it')}`);
  say(
    `  ${faint(`The relay's key for publishing is ${process.env.RELAY_API_KEY ? 'RELAY_API_KEY' : DEV_API_KEY}`)}\n`,
  );

  const ending = await Promise.race([
    told.then(() => undefined),
    relay.ended.then((how) => `the relay ${how}`),
    host.ended.then((how) => `the backend host ${how}`),
  ]);
  say(ending ? `\n${ending}; stopping the rest` : '\nstopping');
  await endAllGroups();
  return ending ? 1 : 0;
}

/**
 * The relay takes several keys, separated by commas; the host publishes with the first.
 *
 * @param {string} keys
 */
function firstKey(keys) {
  return keys.split(',', 1)[0] ?? keys;
}

/**
 * Prints a server's lines with its name in front.
 *
 * @param {string} name
 * @returns {(line: string) => void}
 */
function prefixed(name) {
  return (line) => say(`${faint(`${name.padStart(5)} │`)} ${line}`);
}
