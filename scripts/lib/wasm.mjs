/**
 * Builds the browser SDK's wasm into its npm package: compiled and bound by the crate `wasm-build`, then made small
 * by Binaryen's optimiser.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fingerprint } from './fingerprint.mjs';
import { whileNobodyBuilds } from './lock.mjs';
import { step } from './log.mjs';
import { buildFolder, root } from './project.mjs';
import { run } from './run.mjs';
import { cargo } from './rust.mjs';

/** Where the npm package of the browser SDK is. */
export const frontendFolder = join(root, 'sdk-wasm', 'npm');

/** What `wasm-build` writes and the package ships. Made anew by every build, ignored by git. */
export const wasmFolder = join(frontendFolder, 'wasm');

/**
 * Smallest code, with the wasm features that every current browser has and no other: `--all-features` makes
 * modules that no browser loads.
 */
const WASM_OPT_FLAGS = [
  '-Oz',
  '--converge',
  '--mvp-features',
  '--enable-bulk-memory',
  '--enable-bulk-memory-opt',
  '--enable-multivalue',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
  '--enable-reference-types',
  '--enable-sign-ext',
  '--strip-debug',
  '--strip-producers',
  '--strip-target-features',
];

/** Compiles, binds and optimises. Cargo decides what must be compiled again. */
export async function buildWasm() {
  const unoptimised = buildFolder('wasm');
  await step(
    'browser SDK, wasm',
    (busyWith) =>
      whileNobodyBuilds(async () => {
        await cargo(['run', '--package', 'wasm-build', '--', '--out-dir', unoptimised], {
          log: 'wasm-build',
          busyWith,
        });
        await optimiseInto(unoptimised, wasmFolder);
      }),
    { hint: 'about a minute the first time' },
  );
}

/**
 * Builds another crate of the workspace in the same way.
 *
 * @param {string} crate
 * @param {string} folder where its wasm and its glue are written
 */
export async function buildOtherWasm(crate, folder) {
  const unoptimised = buildFolder(`wasm-${crate}`);
  await step(`${crate}, wasm`, async (busyWith) => {
    const options = ['--package', crate, '--out-dir', unoptimised, '--glue', 'fast'];
    const args = ['run', '--package', 'wasm-build', '--', ...options];
    await cargo(args, { log: `wasm-build-${crate}`, busyWith });
    await optimiseInto(unoptimised, folder);
  });
}

/**
 * Brings what `wasm-build` made into the package, its wasm optimised.
 *
 * @param {string} from
 * @param {string} to
 */
async function optimiseInto(from, to) {
  mkdirSync(to, { recursive: true });
  const names = readdirSync(from);
  for (const stale of readdirSync(to).filter((name) => !names.includes(name))) {
    rmSync(join(to, stale), { recursive: true });
  }
  for (const name of names) {
    const source = name.endsWith('.wasm') ? await optimised(join(from, name)) : join(from, name);
    replaceFile(source, join(to, name));
  }
}

/**
 * The optimised form of a wasm file. It is kept by content, so that the same input costs nothing again.
 *
 * @param {string} input
 * @returns {Promise<string>} path of the optimised file
 */
async function optimised(input) {
  const cache = buildFolder(join('wasm-optimised', basename(input, '.wasm')));
  const wasmOpt = join(root, 'node_modules', 'binaryen', 'bin', 'wasm-opt');
  const version = join(root, 'node_modules', 'binaryen', 'package.json');
  const result = join(cache, `${fingerprint([input, version], WASM_OPT_FLAGS)}.wasm`);
  if (existsSync(result)) return result;
  const unfinished = `${result}.${process.pid}.tmp`;
  await run(process.execPath, [wasmOpt, ...WASM_OPT_FLAGS, input, '-o', unfinished], { log: 'wasm-opt' });
  for (const older of readdirSync(cache).filter((name) => name.endsWith('.wasm'))) rmSync(join(cache, older));
  renameSync(unfinished, result);
  return result;
}

/**
 * Puts a copy in place in one step: whoever serves the folder meanwhile sees the old file or the new one.
 *
 * @param {string} source
 * @param {string} target
 */
function replaceFile(source, target) {
  const unfinished = `${target}.${process.pid}.tmp`;
  copyFileSync(source, unfinished);
  renameSync(unfinished, target);
}
