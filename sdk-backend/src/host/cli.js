/**
 * The command line: `wix-realtime-backend serve DIR`.
 *
 * @module
 */

import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { reasonOf } from '../errors.js';
import { settlePublishes } from '../publish.js';
import { configure, currentUrl, readUrl } from '../settings.js';
import { startHost } from './host.js';
import { SiteError } from './load-failure.js';

/**
 * @typedef {object} Command
 * @property {string} dir
 * @property {string} listen
 * @property {string | undefined} relay
 * @property {string | undefined} publicRelay
 * @property {string | undefined} sdk
 * @property {boolean} trustProxy
 */

/** How long a stop waits for messages that are on their way to the relay. */
const PUBLISH_TIMEOUT_MS = 5_000;

export const HELP = `wix-realtime-backend serve DIR [options]

Hosts a site folder: its pages, and the functions of its backend that pages call.

  DIR/index.html, …       pages, scripts, styles: served as they are
  DIR/public/**           modules that pages and backend share: import … from 'public/channels.js'
  DIR/backend/**          never served
  DIR/backend/*.web.js    functions that pages import: import { send } from 'backend/chat.web'
  DIR/backend/*.jsw       the same, in the older style: import { send } from 'backend/chat.jsw'

Pages import wix-realtime-frontend; the host serves it from the installed package. Backend files import
wix-realtime-backend (or @wix/realtime) and wix-web-module (or @wix/web-methods); they come with the host. The file
backend/realtime-permissions.js is the relay's: start it with "relay serve --site DIR". Where handlers need more than
the relay gives them, such as a database, the relay can ask this host instead: set RELAY_PERMISSIONS_SECRET for both,
and start it with "relay serve --permissions-url http://ADDR".

Options:
  --listen ADDR           where to listen, as HOST:PORT; port 0 takes any that is free  [127.0.0.1:8080]
  --relay URL             the relay  [RELAY_URL, else http://127.0.0.1:8787]
  --public-relay URL      the relay as browsers reach it, if that is another address  [the same]
  --sdk DIR               the folder of wix-realtime-frontend  [installed for DIR or here]
  --trust-proxy           a proxy of yours stands in front: believe its X-Forwarded-Proto and X-Forwarded-Host
  --help, --version

Environment:
  RELAY_API_KEY           the relay's key for publishing  ["dev" for a relay on this machine]
  RELAY_TOKEN_SECRET      the secret shared with the relay, by which it believes who a page's user is; without it
                          every page is an anonymous visitor to the relay
  RELAY_PERMISSIONS_SECRET
                          the secret that signs the relay's questions about permissions; with it the host answers
                          them, at /v1/check-subscriber-permissions
  RELAY_URL               see --relay

Prints "listening on http://ADDR" on standard output once it does, and its log on standard error. SIGTERM and SIGINT
stop it: it finishes what is under way and exits with 0.
`;

/** Wrong arguments: exit code 2, with a hint to --help. */
class UsageError extends Error {}

/**
 * Runs the command and resolves to the exit code, or to undefined while it serves.
 *
 * @param {readonly string[]} args without node and script
 * @returns {Promise<number | undefined>}
 */
export async function main(args) {
  try {
    const command = readCommand(args);
    if (typeof command === 'string') process.stdout.write(command);
    else await serve(command);
    return typeof command === 'string' ? 0 : undefined;
  } catch (error) {
    return reportFailure(error);
  }
}

/**
 * @param {readonly string[]} args
 * @returns {Command | string} a string is to be printed
 */
function readCommand(args) {
  const { values, positionals } = parseOptions(args);
  if (values.help) return HELP;
  if (values.version) return `${version()}\n`;
  const [verb, dir, ...more] = positionals;
  if (verb !== 'serve') throw new UsageError(verb === undefined ? 'no command' : `unknown command: ${verb}`);
  if (dir === undefined) throw new UsageError('serve needs the folder of the site');
  if (more.length > 0) throw new UsageError(`serve takes one folder, so what is ${more[0]}?`);
  const { listen, relay, 'public-relay': publicRelay, sdk, 'trust-proxy': trustProxy } = values;
  return { dir: readFolder(dir), listen, relay, publicRelay, sdk, trustProxy };
}

/** @param {readonly string[]} args */
function parseOptions(args) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        listen: { type: 'string', default: '127.0.0.1:8080' },
        relay: { type: 'string' },
        'public-relay': { type: 'string' },
        sdk: { type: 'string' },
        'trust-proxy': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(reasonOf(error), { cause: error });
  }
}

/** @param {Command} command */
async function serve({ dir, listen, relay, publicRelay, sdk, trustProxy }) {
  if (relay !== undefined) configure({ url: readUrl(relay, '--relay', usageError) });
  const relayUrl =
    publicRelay === undefined ? currentUrl() : readUrl(publicRelay, '--public-relay', usageError);
  const tokenSecret = process.env.RELAY_TOKEN_SECRET;
  if (!tokenSecret) log('RELAY_TOKEN_SECRET is not set: to the relay, every page is an anonymous visitor');
  keepServingAfterRejections();
  const address = readAddress(listen);
  const host = await startHost({
    dir,
    listen: address,
    relayUrl,
    sdk,
    tokenSecret,
    permissionsSecret: process.env.RELAY_PERMISSIONS_SECRET,
    isProxyTrusted: trustProxy,
    log,
  });
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void stop(host));
  process.stdout.write(`listening on ${host.url}\n`);
}

/**
 * A publish that nobody awaits is common in backend code, and so is its rejection: worth a line, not the site.
 */
function keepServingAfterRejections() {
  process.on('unhandledRejection', (reason) => {
    log(
      `a promise rejected and nobody caught it: ${reason instanceof Error ? reason.stack : String(reason)}`,
    );
  });
}

/** @param {import('./host.js').Host} host */
async function stop(host) {
  await host.stop();
  await settlePublishes(PUBLISH_TIMEOUT_MS);
  process.exit(0);
}

/** @param {string} dir */
function readFolder(dir) {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`${dir} is not a folder`);
  return resolve(dir);
}

/** @param {string} address */
function readAddress(address) {
  const [, host = '', port = ''] = /^(?:(\[[\da-fA-F:]+\]|[^:[\]]*):)?(\d+)$/.exec(address) ?? [];
  if (port === '' || Number(port) > 65_535) {
    throw new UsageError(`--listen takes HOST:PORT such as 127.0.0.1:8080, not ${address}`);
  }
  return { host: host.replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(port) };
}

/** @param {unknown} error */
function reportFailure(error) {
  if (error instanceof UsageError) {
    log(`${error.message}\nwix-realtime-backend --help says how to use it`);
    return 2;
  }
  log(error instanceof SiteError ? error.message : reasonOf(error));
  return 1;
}

/** @param {string} message */
function usageError(message) {
  return new UsageError(message);
}

function version() {
  return createRequire(import.meta.url)('../../package.json').version;
}

/** @param {string} line */
function log(line) {
  process.stderr.write(`${line}\n`);
}
