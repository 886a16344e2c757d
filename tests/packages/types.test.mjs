/**
 * The packages in TypeScript: `consumers/` compiles in a project that has installed them (the browser package also as `@wix/realtime`),
 * by every way of resolving,
 * with this and the previous generation of the compiler.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Project } from './harness/project.mjs';
import { tarballs } from './harness/tarballs.mjs';

/** What this folder has installed, and what the repository has. */
const here = createRequire(import.meta.url);
const repository = createRequire(new URL('../../package.json', import.meta.url));

/**
 * @param {NodeJS.Require} require
 * @param {string} name of a package
 */
const folderOf = (require, name) => dirname(require.resolve(`${name}/package.json`));

/** The folders of the compilers. */
const COMPILERS = {
  'TypeScript 5.9': folderOf(here, 'typescript-5'),
  'TypeScript 7': folderOf(repository, 'typescript'),
};

/** What `module` goes with each way of resolving. */
const RESOLUTIONS = { bundler: 'esnext', node16: 'node16', nodenext: 'nodenext' };

/** As strict as a project can be; the declarations of packages are checked too, those of the language not. */
const STRICT = {
  target: 'es2022',
  lib: ['es2022', 'dom'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: false,
  skipLibCheck: false,
  skipDefaultLibCheck: true,
  noEmit: true,
};

describe('in TypeScript', () => {
  /** @type {Project} */
  let project;

  before(async () => {
    const { frontend, backend, alias } = await tarballs();
    project = await Project.create([frontend, backend, alias, `@wix/realtime@file:${frontend}`]);
    await project.copy(fileURLToPath(new URL('consumers', import.meta.url)), 'src');
    await mkdir(join(project.folder, 'node_modules', '@types'));
    for (const name of ['@types/node', 'undici-types']) {
      await symlink(folderOf(repository, name), join(project.folder, 'node_modules', name));
    }
  });
  after(() => project?.remove());

  /**
   * What the compiler says about the project.
   *
   * @param {string} compiler its folder
   * @param {object} options
   */
  async function compile(compiler, options) {
    await project.write({ 'tsconfig.json': JSON.stringify({ compilerOptions: options, include: ['src'] }) });
    return project.run(process.execPath, [join(compiler, 'bin', 'tsc'), '--project', '.']);
  }

  for (const [name, compiler] of Object.entries(COMPILERS)) {
    for (const [moduleResolution, module] of Object.entries(RESOLUTIONS)) {
      it(`${name} compiles them with moduleResolution ${moduleResolution}`, async () => {
        await compile(compiler, { ...STRICT, module, moduleResolution });
      });
    }
  }

  it('the compiler sees every file, and a mistake is one', async () => {
    await project.write({ 'src/mistake.ts': "import { subscribe } from 'wix-realtime'; subscribe('chat');" });
    const attempt = compile(COMPILERS['TypeScript 7'], {
      ...STRICT,
      module: 'nodenext',
      moduleResolution: 'nodenext',
    });
    await assert.rejects(attempt, /src\/mistake\.ts\(1,\d+\): error TS2554: Expected 2 arguments/);
  });
});
