/**
 * Installs the other servers that benchmarks are run against, when they are asked for.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebianPackages } from './debian-archive.mjs';
import { Advice } from './failure.mjs';
import { ensureBenchPeers } from './node-packages.mjs';
import { root } from './project.mjs';
import { ensureToolFolder } from './python.mjs';

const PEERS = join(root, 'bench', 'peers');

/** Those that come from npm. */
const FROM_NPM = ['bun', 'ws', 'socket-io'];

/** The Debian whose nginx it is. */
const NGINX_RELEASE = 'bookworm';

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
  return { BENCH_PEERS: PEERS, ...nchan };
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
