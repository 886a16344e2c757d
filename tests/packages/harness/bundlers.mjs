/**
 * The bundlers, each used as its own documentation begins: an entry, a folder for the result, no further settings.
 *
 * @module
 */

import { join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import * as vite from 'vite';
import webpack from 'webpack';

/**
 * Builds the project's `page.js` (for Vite its `index.html`, which loads that) into a folder of the project.
 *
 * @typedef {(folder: string, out: string) => Promise<void>} Build
 */

/** @type {Readonly<Record<string, Build>>} */
export const bundlers = {
  async Vite(folder, out) {
    await vite.build({ root: folder, logLevel: 'warn', build: { outDir: out, modulePreload: false } });
  },

  async 'webpack 5'(folder, out) {
    const compiler = webpack({
      context: folder,
      entry: './page.js',
      mode: 'production',
      output: { path: join(folder, out), filename: 'page.js' },
    });
    const stats = await new Promise(
      (/** @type {(stats: webpack.Stats | undefined) => void} */ resolve, reject) => {
        compiler.run((error, stats) => (error ? reject(error) : resolve(stats)));
      },
    );
    await new Promise((resolve) => compiler.close(resolve));
    const said = stats?.toString({ all: false, errors: true, warnings: true });
    if (said) throw new Error(said);
  },

  async esbuild(folder, out) {
    await esbuild.build({
      absWorkingDir: folder,
      entryPoints: ['page.js'],
      bundle: true,
      format: 'esm',
      outdir: out,
      logLevel: 'silent',
    });
  },

  async Rollup(folder, out) {
    const bundle = await rollup({
      input: join(folder, 'page.js'),
      plugins: [nodeResolve({ browser: true })],
    });
    await bundle.write({ dir: join(folder, out), format: 'es' });
    await bundle.close();
  },
};
