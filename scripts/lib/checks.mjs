/**
 * The checks that run no test: formatting, lints and types.
 */
import { step } from './log.mjs';
import { isOfTheNetwork, patiently } from './retry.mjs';
import { run } from './run.mjs';
import { cargo, WASM_TARGET } from './rust.mjs';

/** A program of an installed npm package, never one that npx would download. */
const NPX = ['--no-install'];

/** Cargo.lock is what the manifests ask for, so that every clone builds the same. */
export const checkRustLock = () =>
  step('Cargo.lock', async () => {
    const args = ['metadata', '--locked', '--format-version', '1', '--quiet'];
    // It looks at the crates of every platform, which are downloaded here for the first time.
    await patiently('cargo metadata', () => cargo(args, { log: 'cargo-lock' }), {
      isWorthIt: isOfTheNetwork,
    });
  });

/** rustfmt finds nothing to change. */
export const checkRustFormat = () =>
  step('Rust formatting', async () => {
    await cargo(['fmt', '--all', '--check'], { log: 'rustfmt' });
  });

/** clippy finds nothing in any crate, tests and benchmarks included. */
export const checkRustLints = () =>
  step('Rust lints', async (busyWith) => {
    const args = ['clippy', '--workspace', '--all-targets', '--', '-D', 'warnings'];
    await cargo(args, { log: 'clippy', busyWith });
  });

/** clippy finds nothing in the browser SDK, and in what it is measured against, as they are compiled for browsers. */
export const checkWasmLints = () =>
  step('Rust lints, wasm', async (busyWith) => {
    const packages = ['--package', 'wix-realtime-frontend', '--package', 'realtime-bench-border'];
    const args = ['clippy', ...packages, '--target', WASM_TARGET, '--all-targets', '--', '-D', 'warnings'];
    await cargo(args, { log: 'clippy-wasm', busyWith });
  });

/** The formatter and linter find nothing in any JavaScript, JSON or CSS file. */
export const checkJavaScript = () =>
  step('JavaScript formatting and lints', async () => {
    await run('npx', [...NPX, 'biome', 'check', '--error-on-warnings', '.'], { log: 'biome' });
  });

/** All types hold: JSDoc's of the JavaScript and the declarations that users import. Needs the built wasm. */
export const checkTypes = () =>
  step('JavaScript types', async () => {
    await run('npx', [...NPX, 'tsc', '--project', '.'], { log: 'tsc' });
  });

/** All of them, the quick ones first. */
export const lintSteps = [
  checkRustLock,
  checkRustFormat,
  checkJavaScript,
  checkTypes,
  checkRustLints,
  checkWasmLints,
];
