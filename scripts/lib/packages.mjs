/**
 * Packs the npm packages, as they would be published, and unpacks the browser's for the demo to use.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint, stamp } from './fingerprint.mjs';
import { whileNobodyBuilds } from './lock.mjs';
import { step } from './log.mjs';
import { buildFolder, distDir, root } from './project.mjs';
import { run } from './run.mjs';
import { frontendFolder } from './wasm.mjs';

/** Where the npm package for backends is. */
export const backendFolder = join(root, 'sdk-backend');

/** Where the npm package is that gives the browser's its older name. */
const aliasFolder = join(root, 'sdk-wasm', 'npm-alias');

/** The command of the backend package that hosts a site's folder. */
export const hostProgram = join(backendFolder, 'bin', 'wix-realtime-backend.js');

/**
 * The tarballs of all packages.
 *
 * @typedef {object} Tarballs
 * @property {string} frontend `wix-realtime-frontend`
 * @property {string} backend `wix-realtime-backend`
 * @property {string} alias `wix-realtime`
 */

/**
 * Packs all packages into `dist/`; one whose files are as they were is left as it is.
 *
 * @returns {Promise<Tarballs>}
 */
export function packPackages() {
  return whileNobodyBuilds(async () => ({
    // It is bundled while it is packed, which makes the bundler and its version part of the input.
    frontend: await pack(frontendFolder, [
      join(root, 'sdk-wasm', 'bundle.mjs'),
      join(root, 'sdk-backend', 'src', 'channel-rules.js'),
      join(root, 'package-lock.json'),
    ]),
    backend: await pack(backendFolder),
    alias: await pack(aliasFolder),
  }));
}

/**
 * @param {string} folder of a package
 * @param {readonly string[]} [inputs] what else decides what is packed
 * @returns {Promise<string>} its tarball
 */
async function pack(folder, inputs = []) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const tarball = join(distDir, `${name}-${version}.tgz`);
  const packed = stamp(`pack-${name}`);
  const print = () => fingerprint([folder, ...inputs]);
  if (existsSync(tarball) && packed.holds(print())) return tarball;
  packed.clear();
  await step(`npm package ${name} ${version}`, async () => {
    mkdirSync(distDir, { recursive: true });
    for (const older of readdirSync(distDir).filter((file) => isTarballOf(name, file))) {
      rmSync(join(distDir, older));
    }
    await run('npm', ['pack', '--pack-destination', distDir], { cwd: folder, log: `pack-${name}` });
  });
  packed.set(print());
  return tarball;
}

/**
 * Whether a file is some version of a package's tarball. One package's name may be the beginning of another's.
 *
 * @param {string} name of a package
 * @param {string} file
 */
const isTarballOf = (name, file) =>
  file.startsWith(`${name}-`) && /^\d.*\.tgz$/.test(file.slice(name.length + 1));

/**
 * The unpacked browser package, as an install of its tarball would leave it.
 *
 * @param {string} tarball
 * @returns {Promise<string>} the package's folder
 */
export function unpackedFrontend(tarball) {
  return whileNobodyBuilds(() => unpack(tarball));
}

/** @param {string} tarball */
async function unpack(tarball) {
  const folder = join(buildFolder('packages'), 'wix-realtime-frontend');
  const unpacked = stamp('unpack-wix-realtime-frontend');
  const print = fingerprint([tarball]);
  if (existsSync(folder) && unpacked.holds(print)) return folder;
  unpacked.clear();
  const unfinished = `${folder}.${process.pid}.tmp`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', unfinished, '--strip-components=1']);
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
  unpacked.set(print);
  return folder;
}
