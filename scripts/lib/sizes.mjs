/**
 * Tells how large the browser SDK is for those who download it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { filesUnder } from './fingerprint.mjs';

/**
 * @typedef {object} Size
 * @property {string} name
 * @property {number} bytes
 * @property {number} gzip bytes
 * @property {number} brotli bytes
 */

/**
 * What a page downloads of an unpacked package: its wasm and its JavaScript, and the two together.
 *
 * @param {string} folder
 * @returns {Size[]}
 */
export function downloadSizes(folder) {
  const files = filesUnder(readdirSync(folder).map((name) => join(folder, name)));
  const sizes = [
    sizeOf(
      'wasm',
      files.filter((file) => file.endsWith('.wasm')),
    ),
    sizeOf(
      'JavaScript',
      files.filter((file) => /\.m?js$/.test(file)),
    ),
  ];
  return [...sizes, sizes.reduce(sum)];
}

/**
 * @param {string} name
 * @param {string[]} files
 * @returns {Size}
 */
function sizeOf(name, files) {
  return files
    .map((file) => readFileSync(file))
    .map((content) => ({
      name,
      bytes: content.length,
      gzip: gzipSync(content, { level: 9 }).length,
      brotli: brotliCompressSync(content).length,
    }))
    .reduce(sum, { name, bytes: 0, gzip: 0, brotli: 0 });
}

/**
 * @param {Size} a
 * @param {Size} b
 * @returns {Size}
 */
function sum(a, b) {
  return {
    name: a.name === b.name ? a.name : 'together',
    bytes: a.bytes + b.bytes,
    gzip: a.gzip + b.gzip,
    brotli: a.brotli + b.brotli,
  };
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
  return `  ${name.padEnd(12)}${kilobytes(bytes)}   gzip ${kilobytes(gzip)}   brotli ${kilobytes(brotli)}`;
}
