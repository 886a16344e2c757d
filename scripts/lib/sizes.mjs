/**
 * Tells how large the browser SDK is for those who download it, and keeps it from growing beyond what is allowed.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { Advice } from './failure.mjs';
import { filesUnder } from './fingerprint.mjs';

/** What the SDK may weigh in all, with gzip: less than others that do less. It weighs some 20 KB. */
export const MAX_GZIP_BYTES = 22_000;

/**
 * @typedef {object} Size
 * @property {string} name
 * @property {number} bytes
 * @property {number} gzip bytes
 * @property {number} brotli bytes
 */

/**
 * What a page downloads of an unpacked package: its JavaScript, which has the wasm in it.
 *
 * @param {string} folder
 * @returns {Size[]} one for each file, by its name
 */
export function downloadSizes(folder) {
  return filesUnder([join(folder, 'dist')])
    .map((file) => ({ name: relative(folder, file), content: readFileSync(file) }))
    .map(({ name, content }) => ({
      name,
      bytes: content.length,
      gzip: gzipSync(content, { level: 9 }).length,
      brotli: brotliCompressSync(content).length,
    }));
}

/**
 * Fails when a page would download too much.
 *
 * @param {Size[]} sizes
 */
export function requireSmall(sizes) {
  const gzip = sizes.reduce((sum, size) => sum + size.gzip, 0);
  if (gzip <= MAX_GZIP_BYTES) return;
  throw new Advice(
    `The browser SDK has ${gzip} bytes with gzip, more than the ${MAX_GZIP_BYTES} that it may have; docs/decisions/ says what weighs and how to find out.`,
  );
}

/**
 * A row of the table that a build ends with.
 *
 * @param {Size} size
 * @returns {string}
 */
export function sizeRow({ name, bytes, gzip, brotli }) {
  /** @param {number} count */
  const kilobytes = (count) => `${(count / 1000).toFixed(1)} kB`.padStart(9);
  return `  ${name.padEnd(20)}${kilobytes(bytes)}   gzip ${kilobytes(gzip)}   brotli ${kilobytes(brotli)}`;
}
