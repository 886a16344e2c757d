/**
 * `npm start`: builds what is missing, starts the relay and the backend host with the demo site, and keeps them
 * until it is told to stop.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Advice, CommandFailed } from './lib/failure.mjs';
import { bold, faint, say } from './lib/log.mjs';
import { main } from './lib/main.mjs';
import { ensureNodePackages } from './lib/node-packages.mjs';
import { portNumber, readOptions } from './lib/options.mjs';
import { hostProgram, packPackages, unpackedFrontend } from './lib/packages.mjs';
import { isFree, LOOPBACK } from './lib/ports.mjs';
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

/** What the relay and the host say when they may not listen because somebody else does. */
const TAKEN = /Address already in use|EADDRINUSE|is taken/;

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
  const places = {
    page: await place('port', options.port, DEFAULT_PORTS.page),
    relay: await place('relay-port', options['relay-port'], DEFAULT_PORTS.relay),
  };
  const sdk = await build();
  return await serve(places, sdk);
});

/**
 * Where a server shall listen: at the port asked for and no other, or preferably at the default.
 *
 * @typedef {{ port: number, isAskedFor: boolean }} Place
 */

/**
 * A port that is asked for must be free: better to hear that now than after some minutes of building.
 *
 * @param {string} option
 * @param {string | undefined} wanted
 * @param {number} preferred
 * @returns {Promise<Place>}
 */
async function place(option, wanted, preferred) {
  if (wanted === undefined) return { port: preferred, isAskedFor: false };
  const port = portNumber(option, wanted);
  if (await isFree(port)) return { port, isAskedFor: true };
  throw new Advice(
    `Port ${port} of ${LOOPBACK} is taken. Choose another with --${option}, or leave that out.`,
  );
}

/**
 * Starts a server at its place. Where that is only preferred and somebody else took it, be it in the very moment in
 * which it was free, the system gives another port.
 *
 * @param {Place} place
 * @param {(port: number) => Promise<import('./lib/services.mjs').Service>} start
 */
async function startAt({ port, isAskedFor }, start) {
  if (isAskedFor) return await start(port);
  try {
    return await start((await isFree(port)) ? port : 0);
  } catch (error) {
    if (error instanceof CommandFailed && TAKEN.test(error.output)) return await start(0);
    throw error;
  }
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
 * @param {{ page: Place; relay: Place }} places
 * @param {string} sdk
 * @returns {Promise<number>} the exit code
 */
async function serve(places, sdk) {
  const told = signalArrives();
  const env = {
    RELAY_API_KEY: process.env.RELAY_API_KEY || DEV_API_KEY,
    RELAY_TOKEN_SECRET: process.env.RELAY_TOKEN_SECRET || randomBytes(32).toString('base64url'),
  };
  const relay = await startAt(places.relay, (port) =>
    startService({
      command: relayBinary,
      args: ['serve', '--listen', `${LOOPBACK}:${port}`, '--permissions', permissions],
      env,
      onLine: prefixed('relay'),
    }),
  );
  const host = await startAt(places.page, (port) =>
    startService({
      command: process.execPath,
      args: [hostProgram, 'serve', site, '--listen', `${LOOPBACK}:${port}`, '--sdk', sdk],
      env: { ...env, RELAY_API_KEY: firstKey(env.RELAY_API_KEY), RELAY_URL: relay.url },
      onLine: prefixed('host'),
    }),
  );
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
