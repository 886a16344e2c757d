/**
 * Installs the programs that only tests need: those of the browser tests (wasm-pack, geckodriver, and wasm-bindgen's
 * test runner), the judge of crates, and that which fuzzing needs.
 *
 * They are built from source, since that is what every machine with cargo can do, once per machine and without
 * optimisation: their speed does not matter and it makes building them five times as fast.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { whileNobodyInstalls } from './lock.mjs';
import { step } from './log.mjs';
import { lockedCrateVersion, toolsDir } from './project.mjs';
import { isOfTheNetwork, patiently } from './retry.mjs';
import { run } from './run.mjs';
import { cargo } from './rust.mjs';
import { which } from './which.mjs';

/** Read from the environment by cargo, in place of the release profile that each tool brings along. */
const QUICK_BUILD = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '0',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  CARGO_PROFILE_RELEASE_DEBUG: '0',
};

/**
 * @typedef {object} Tool
 * @property {string} crate
 * @property {string} version
 * @property {readonly [string, ...string[]]} programs the first is asked for its version
 * @property {readonly string[]} cargoFlags
 */

/**
 * The tools and their versions. wasm-bindgen's must be exactly that of the library in Cargo.lock; its own lock
 * file is not used because it names a crate version that is no longer published.
 *
 * @returns {Tool[]}
 */
function wantedTools() {
  return [
    {
      crate: 'wasm-bindgen-cli',
      version: lockedCrateVersion('wasm-bindgen'),
      // wasm-pack asks the first for its version and runs the second, which it expects beside it.
      programs: ['wasm-bindgen', 'wasm-bindgen-test-runner'],
      cargoFlags: ['--bin', 'wasm-bindgen', '--bin', 'wasm-bindgen-test-runner'],
    },
    { crate: 'wasm-pack', version: '0.15.1', programs: ['wasm-pack'], cargoFlags: ['--locked'] },
    GECKODRIVER,
  ];
}

/**
 * What drives Firefox.
 *
 * @type {Tool}
 */
const GECKODRIVER = {
  crate: 'geckodriver',
  version: '0.37.1',
  programs: ['geckodriver'],
  cargoFlags: ['--locked'],
};

/** Where the installed programs are; to be put in front of PATH for the commands that use them. */
export const testToolsPath = join(toolsDir, 'bin');

/**
 * What `npm run fuzz` needs, and no test.
 *
 * @type {Tool}
 */
const FUZZER = {
  crate: 'cargo-fuzz',
  version: '0.13.2',
  programs: ['cargo-fuzz'],
  cargoFlags: ['--locked'],
};

/**
 * What holds the crates to deny.toml.
 *
 * @type {Tool}
 */
const DENY = {
  crate: 'cargo-deny',
  version: '0.20.2',
  programs: ['cargo-deny'],
  cargoFlags: ['--locked'],
};

/** Installs the tools of the browser tests. */
export const ensureTestTools = () => ensureTools(wantedTools());

/** Installs what drives Firefox. */
export const ensureGeckodriver = () => ensureTools([GECKODRIVER]);

/** Installs what drives libFuzzer. */
export const ensureFuzzer = () => ensureTools([FUZZER]);

/** Installs what judges the crates. */
export const ensureDeny = () => ensureTools([DENY]);

/**
 * Installs the tools that are missing or of another version. Quiet when all are there.
 *
 * @param {readonly Tool[]} tools
 */
async function ensureTools(tools) {
  if ((await missingOf(tools)).length === 0) return;
  await whileNobodyInstalls(async () => {
    // Looked at again: whoever had the lock before may have installed them.
    for (const tool of await missingOf(tools)) await install(tool);
    rmSync(join(toolsDir, 'build'), { recursive: true, force: true });
  });
}

/**
 * @param {readonly Tool[]} tools
 * @returns {Promise<Tool[]>}
 */
async function missingOf(tools) {
  const present = await Promise.all(tools.map(isInstalled));
  return tools.filter((_tool, index) => !present[index]);
}

/** @param {Tool} tool */
async function isInstalled({ version, programs }) {
  const paths = programs.map((program) => which([program], testToolsPath));
  const first = paths[0];
  if (!first || paths.includes(undefined)) return false;
  const answer = await run(first, ['--version']).catch(() => '');
  return answer.split(/\s+/)[1] === version;
}

/** @param {Tool} tool */
async function install({ crate, version, cargoFlags }) {
  const args = ['install', crate, '--version', version, ...cargoFlags, '--force', '--root', toolsDir];
  await step(
    `test tool ${crate} ${version}`,
    (busyWith) =>
      patiently(
        'cargo install',
        () =>
          cargo(args, {
            log: `install-${crate}`,
            env: { ...QUICK_BUILD, CARGO_TARGET_DIR: join(toolsDir, 'build') },
            busyWith,
          }),
        { isWorthIt: isOfTheNetwork },
      ),
    { hint: 'about a minute, once per machine' },
  );
}
