/**
 * Builds the fuzz targets with cargo-fuzz and runs them. What is found stays in `fuzz/artifacts` and new inputs in
 * `fuzz/found`, both out of git; a finding becomes a seed in `fuzz/corpus` by hand, together with its repair.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Advice } from './failure.mjs';
import { say, step } from './log.mjs';
import { root } from './project.mjs';
import { gist, run } from './run.mjs';
import { ensureRust } from './rust.mjs';
import { ensureFuzzer, testToolsPath } from './test-tools.mjs';

const FOLDER = join(root, 'fuzz');

/** Golden frames are seeds, too. */
const MORE_SEEDS = new Map([
  ['client_frame', join(root, 'protocol', 'fixtures', 'client')],
  ['relay_frame', join(root, 'protocol', 'fixtures', 'relay')],
]);

/** No input of ours is larger, but for those that are too large on purpose. */
const MAX_BYTES = 4096;

/** Far more than any input needs. A parser that takes longer is a finding. In seconds. */
const INPUT_LIMIT_S = 10;

/** A first build, with every dependency. */
const BUILD_LIMIT_MS = 60 * 60_000;

/** Time for a target to end after its own limit. */
const GRACE_MS = 2 * 60_000;

/**
 * The targets' names, as fuzz/Cargo.toml has them.
 *
 * @returns {string[]}
 */
export function targetNames() {
  const manifest = readFileSync(join(FOLDER, 'Cargo.toml'), 'utf8');
  return [...manifest.matchAll(/^\[\[bin\]\]\nname = "(\w+)"/gm)].map(([, name]) => String(name));
}

/**
 * Fuzzes some targets, one after the other. Stops at the first that finds something.
 *
 * @param {readonly string[]} names
 * @param {number} minutes for each
 */
export async function fuzz(names, minutes) {
  const unknown = names.find((name) => !targetNames().includes(name));
  if (unknown !== undefined) {
    throw new Advice(`--target knows no "${unknown}"; it takes ${targetNames().join(', ')}`);
  }
  await ensureRust();
  await ensureFuzzer();
  // The same versions as the relay's; cargo adds libFuzzer's own.
  if (!existsSync(join(FOLDER, 'Cargo.lock'))) {
    copyFileSync(join(root, 'Cargo.lock'), join(FOLDER, 'Cargo.lock'));
  }
  const toolchain = await chooseToolchain();
  say(toolchain.words);
  await step(
    'fuzz targets',
    (busyWith) =>
      run('cargo', [...toolchain.args, 'fuzz', 'build', ...toolchain.flags], {
        cwd: FOLDER,
        log: 'fuzz-build',
        env: toolchain.env,
        limitMs: BUILD_LIMIT_MS,
        onLine: (line) => busyWith(gist(line)),
      }),
    { hint: 'about 10 minutes the first time' },
  );
  for (const name of names) await fuzzOne(name, minutes, toolchain);
  return 0;
}

/** @typedef {{ words: string; args: string[]; flags: string[]; env: Record<string, string> }} Toolchain */

/**
 * Nightly with the address sanitizer where it is installed, else stable without a sanitizer, where only panics and
 * broken promises are found.
 *
 * @returns {Promise<Toolchain>}
 */
async function chooseToolchain() {
  const path = `${testToolsPath}${delimiter}${process.env.PATH ?? ''}`;
  const hasNightly = await run('cargo', ['+nightly', '--version']).then(
    () => true,
    () => false,
  );
  if (hasNightly) {
    return {
      words: 'with nightly Rust and the address sanitizer',
      args: ['+nightly'],
      flags: [],
      env: { PATH: path },
    };
  }
  return {
    words: 'with stable Rust and no sanitizer, since there is no nightly Rust (rustup toolchain add nightly)',
    args: [],
    flags: ['--sanitizer', 'none'],
    env: { PATH: path },
  };
}

/**
 * @param {string} name
 * @param {number} minutes
 * @param {Toolchain} toolchain
 */
async function fuzzOne(name, minutes, { args, flags, env }) {
  const found = join(FOLDER, 'found', name);
  mkdirSync(found, { recursive: true });
  const more = MORE_SEEDS.get(name);
  const seeds = [join(FOLDER, 'corpus', name), ...(more ? [more] : [])];
  const limits = [
    `-max_total_time=${minutes * 60}`,
    `-max_len=${MAX_BYTES}`,
    `-timeout=${INPUT_LIMIT_S}`,
    '-print_final_stats=1',
  ];
  let runs = '?';
  await step(
    name,
    async (busyWith) => {
      const output = await run(
        'cargo',
        // The first folder is the one that new inputs are written to.
        [...args, 'fuzz', 'run', ...flags, name, found, ...seeds, '--', ...limits],
        {
          cwd: FOLDER,
          log: `fuzz-${name}`,
          env,
          limitMs: minutes * 60_000 + GRACE_MS,
          onLine: (line) => busyWith(gist(line)),
        },
      );
      runs = /number_of_executed_units: (\d+)/.exec(output)?.[1] ?? runs;
    },
    { note: () => `${runs} inputs` },
  );
}
