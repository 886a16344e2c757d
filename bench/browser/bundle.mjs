/**
 * Makes of each browser SDK what a page would download: one module, bundled and minified in the same way.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

/** The SDKs, by the names of their entries. */
export const SDKS = /** @type {const} */ (['relay', 'centrifuge', 'pusher']);

/**
 * @typedef {object} Bundle
 * @property {string} code
 * @property {number} bytes
 * @property {number} gzip bytes
 * @property {number} brotli bytes
 */

/**
 * @param {typeof SDKS[number]} name
 * @param {string} sdk the folder of our unpacked package
 * @returns {Promise<Bundle>}
 */
export async function bundle(name, sdk) {
  const { exports } = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8'));
  const build = await rolldown({
    input: fileURLToPath(new URL(`entries/${name}.js`, import.meta.url)),
    platform: 'browser',
    resolve: { alias: { 'wix-realtime-frontend': join(sdk, exports['.'].default) } },
    // Some packages name a global of their bundler, which is theirs to know.
    onLog: () => {},
  });
  const { output } = await build.generate({ format: 'esm', minify: true, codeSplitting: false });
  await build.close();
  const { code } = output[0];
  const bytes = Buffer.from(code);
  return {
    code,
    bytes: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}
