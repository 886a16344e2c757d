/**
 * The packages as a registry would take them: what publint and Are The Types Wrong say, and what is in the tarballs.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { Project } from './harness/project.mjs';
import { tarballs } from './harness/tarballs.mjs';

const { resolve } = createRequire(import.meta.url);

/** The command of Are The Types Wrong. */
const ATTW = join(resolve('@arethetypeswrong/cli/package.json'), '..', 'dist', 'index.js');

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Each package by its name, with the key of its tarball. */
const PACKAGES = /** @type {const} */ ([
  ['wix-realtime-frontend', 'frontend'],
  ['wix-realtime-backend', 'backend'],
  ['wix-realtime', 'alias'],
]);

describe('as a registry takes it', () => {
  /** @type {Awaited<ReturnType<typeof tarballs>>} */
  let packed;
  /** @type {Project} */
  let project;

  before(async () => {
    packed = await tarballs();
    project = await Project.create(Object.values(packed));
  });
  after(() => project?.remove());

  /** @param {string} path below node_modules */
  const installed = (path) => readFile(join(project.folder, 'node_modules', path), 'utf8');

  for (const [name, key] of PACKAGES) {
    describe(name, () => {
      it('gives publint nothing to say, not even a suggestion', async () => {
        const pkgDir = join(project.folder, 'node_modules', name);
        const { messages, pkg } = await publint({ pkgDir, pack: false, strict: true });
        assert.deepEqual(
          messages.map((message) => formatMessage(message, pkg, { color: false })),
          [],
        );
      });

      // The packages are ES modules on purpose: a second copy as CommonJS would be a second client in the same program,
      // with its own connection and its own router. `--profile esm-only` leaves out the two ways of resolving that
      // cannot find ES modules: that of CommonJS files under `node16`, and that of `node10`, which TypeScript 7 no
      // longer has. What `require` does in Node is tested beside this (server-side.test.mjs).
      it('has the right types for every way of resolving that finds ES modules', async () => {
        const options = ['--profile', 'esm-only', '--format', 'ascii', '--no-color'];
        const report = await project.run(process.execPath, [ATTW, packed[key], ...options]);
        assert.match(report, /bundler: 🟢/);
      });

      it('brings both licences, a README and no file of its own development', async () => {
        for (const file of ['LICENSE-MIT', 'LICENSE-APACHE']) {
          assert.equal(await installed(`${name}/${file}`), await readFile(join(root, file), 'utf8'));
        }
        assert.match(await installed(`${name}/README.md`), new RegExp(`^# ${name}\\n`));
        const listing = await project.run('tar', ['-tzf', packed[key]]);
        assert.doesNotMatch(listing, /test|node_modules|\.log$|packed-wasm/m);
      });

      it('has the version and the licence of the others, and depends on nothing else', async () => {
        const { version, license, dependencies = {} } = JSON.parse(await installed(`${name}/package.json`));
        const { version: own } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
        assert.deepEqual({ version, license }, { version: own, license: 'MIT OR Apache-2.0' });
        const expected = name === 'wix-realtime' ? { 'wix-realtime-frontend': own } : {};
        assert.deepEqual(dependencies, expected);
      });
    });
  }
});
