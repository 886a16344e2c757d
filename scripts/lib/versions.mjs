/**
 * The oldest Node and Rust that this repository works with, each taken from where the ecosystem looks for it, and a
 * sentence for whoever has an older one: a build that fails minutes later says nothing of the kind.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Advice } from './failure.mjs';
import { root } from './project.mjs';

/**
 * Refuses a Node that is older than package.json's `engines` allows.
 *
 * @param {string} [running] default: this process's, such as `20.6.0`
 */
export function requireNode(running = process.versions.node) {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const oldest = engines.node.replace('>=', '');
  if (isAtLeast(running, oldest)) return;
  throw new Advice(
    `This is Node ${running}, and Node ${oldest} or newer is needed: https://nodejs.org has it, and so has your version manager.`,
  );
}

/**
 * Refuses a Rust that is older than Cargo.toml's `rust-version` allows.
 *
 * @param {string} told what `rustc --version` printed, such as `rustc 1.95.0 (f2d3ce0bd 2026-03-21)`
 */
export function requireRust(told) {
  const oldest = /^rust-version = "([^"]+)"/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))?.[1];
  const running = /^rustc (\d+\.\d+\.\d+)/m.exec(told)?.[1];
  if (!oldest || !running || isAtLeast(running, oldest)) return;
  throw new Advice(
    `This is Rust ${running}, and Rust ${oldest} or newer is needed: "rustup update stable" brings it. ` +
      'A Rust from a package manager is often older; https://rustup.rs has the current one.',
  );
}

/**
 * @param {string} version as in `20.6.0`; what follows a hyphen does not count
 * @param {string} oldest as in `20.6`
 */
function isAtLeast(version, oldest) {
  const wanted = oldest.split('.').map(Number);
  const found = version.split(/[.-]/).map(Number);
  const place = wanted.findIndex((part, index) => (found[index] ?? 0) !== part);
  return place < 0 || (found[place] ?? 0) > (wanted[place] ?? 0);
}
