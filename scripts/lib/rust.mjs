/**
 * Makes sure that Rust is there with all that a task needs of it, and runs cargo.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Advice, CommandFailed } from './failure.mjs';
import { step } from './log.mjs';
import { isOfTheNetwork, patiently } from './retry.mjs';
import { gist, run } from './run.mjs';
import { installSystemPackages } from './system-packages.mjs';
import { requireRust } from './versions.mjs';
import { which } from './which.mjs';

/** The target of everything that runs in a browser. */
export const WASM_TARGET = 'wasm32-unknown-unknown';

/**
 * Checks for cargo, Rust's version, a C compiler (the relay's JavaScript engine is C), the wasm target and the crates;
 * adds what is missing and can be added.
 *
 * @param {{ components?: readonly ('rustfmt' | 'clippy')[] }} [needs]
 */
export async function ensureRust({ components = [] } = {}) {
  ensureCargo();
  requireRust(await run('rustc', ['--version']));
  if (!which(['cc', 'gcc', 'clang'])) await installSystemPackages(['build-essential'], 'building the relay');
  for (const component of components) await ensureComponent(component);
  await ensureWasmTarget();
  await ensureCrates();
}

/** Puts rustup's folder on PATH when the shell that started us has not. */
function ensureCargo() {
  if (which(['cargo'])) return;
  const cargoBin = join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'bin');
  if (!existsSync(join(cargoBin, 'cargo'))) {
    throw new Advice(
      'Rust is missing: cargo is not on PATH. Install it from https://rustup.rs, then start this again.',
    );
  }
  process.env.PATH = `${cargoBin}${delimiter}${process.env.PATH ?? ''}`;
}

/** @param {'rustfmt' | 'clippy'} component */
async function ensureComponent(component) {
  const subcommand = component === 'rustfmt' ? 'fmt' : component;
  const present = await succeeds('cargo', [subcommand, '--version']);
  if (present) return;
  if (!which(['rustup']))
    throw new Advice(`cargo ${subcommand} is missing. Install ${component} beside cargo.`);
  await step(`Rust component ${component}`, () =>
    patiently('rustup', () => run('rustup', ['component', 'add', component], { log: `rustup-${component}` })),
  );
}

async function ensureWasmTarget() {
  const libraries = (await run('rustc', ['--print', 'target-libdir', '--target', WASM_TARGET])).trim();
  if (existsSync(libraries)) return;
  if (!which(['rustup'])) {
    throw new Advice(
      `Rust cannot build for ${WASM_TARGET} here: ${libraries} is missing, and so is rustup, which would add it.`,
    );
  }
  await step(`Rust target ${WASM_TARGET}`, () =>
    patiently('rustup', () => run('rustup', ['target', 'add', WASM_TARGET], { log: 'rustup-target' })),
  );
}

/**
 * Downloads the crates of Cargo.lock that this machine lacks, so that no build needs the network. Those of other
 * platforms are left out. Quiet when all are there.
 */
async function ensureCrates() {
  const [, host = ''] = /^host: (\S+)$/m.exec(await run('rustc', ['-vV'])) ?? [];
  const args = ['fetch', '--locked', '--target', host, '--target', WASM_TARGET];
  if (await succeeds('cargo', [...args, '--offline'])) return;
  await step('crates', async (busyWith) => {
    try {
      await patiently('cargo fetch', () => cargo(args, { log: 'cargo-fetch', busyWith }), {
        isWorthIt: isOfTheNetwork,
      });
    } catch (error) {
      // A manifest that was just changed, say: the build tells that better, or puts it right.
      if (!(error instanceof CommandFailed) || isOfTheNetwork(error)) throw error;
    }
  });
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<boolean>}
 */
function succeeds(command, args) {
  return run(command, args).then(
    () => true,
    () => false,
  );
}

/**
 * Runs cargo as (part of) a step. What it asks of registries it asks more often than by itself.
 *
 * @param {readonly string[]} args
 * @param {{ log: string; env?: Record<string, string | undefined>; busyWith?: (activity: string) => void }} options
 * @returns {Promise<string>} its output
 */
export function cargo(args, { log, env, busyWith }) {
  return run('cargo', args, {
    log,
    env: { CARGO_TERM_COLOR: 'never', CARGO_NET_RETRY: process.env.CARGO_NET_RETRY ?? '5', ...env },
    onLine: (line) => busyWith?.(gist(line)),
  });
}
