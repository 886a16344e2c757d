/**
 * The files of a folder that browsers may have: no others, whatever the request says.
 *
 * @module
 */

import { realpathSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

/** @typedef {{ file: string, type: string, bytes: number, etag: string }} FoundFile */

/** @type {Record<string, string>} */
const TYPES = {
  avif: 'image/avif',
  css: 'text/css; charset=utf-8',
  gif: 'image/gif',
  htm: 'text/html; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  mjs: 'text/javascript; charset=utf-8',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  ts: 'text/plain; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  wasm: 'application/wasm',
  webm: 'video/webm',
  webmanifest: 'application/manifest+json',
  webp: 'image/webp',
  woff: 'font/woff',
  woff2: 'font/woff2',
  xml: 'application/xml',
};

export class PublicFiles {
  #root;
  #hiddenFolders;

  /**
   * @param {string} root an existing folder
   * @param {readonly string[]} hiddenFolders folders right below it that are not served; neither are node_modules
   *   and names that start with a dot, at any depth
   */
  constructor(root, hiddenFolders = []) {
    this.#root = realpathSync(root);
    this.#hiddenFolders = hiddenFolders;
  }

  /**
   * The file that a path means; a path that ends in a slash means index.html in that folder.
   *
   * @param {readonly string[]} segments from `parsePath`
   * @returns {Promise<FoundFile | 'folder' | undefined>} `'folder'` when the slash at the end is missing
   */
  async find(segments) {
    const names = segments.at(-1) === '' ? [...segments.slice(0, -1), 'index.html'] : segments;
    if (!this.#isPublic(names)) return undefined;
    const file = await realpath(join(this.#root, ...names)).catch(() => undefined);
    // A symbolic link may lead elsewhere: what counts is where the file is.
    if (!file || !this.#isPublic(relative(this.#root, file).split(sep))) return undefined;
    const stats = await stat(file);
    if (stats.isDirectory()) return 'folder';
    if (!stats.isFile()) return undefined;
    const etag = `W/"${stats.size.toString(36)}-${Math.floor(stats.mtimeMs).toString(36)}"`;
    return { file, type: typeOf(file), bytes: stats.size, etag };
  }

  /** @param {readonly string[]} names */
  #isPublic(names) {
    // Lower case, since some file systems do not tell Backend from backend.
    const [first = ''] = names.map((name) => name.toLowerCase());
    const isHidden = names.some((name) => name.startsWith('.') || name.toLowerCase() === 'node_modules');
    return !isHidden && !this.#hiddenFolders.includes(first);
  }
}

/**
 * The reply with this file. Browsers keep a copy and ask each time whether it is still good.
 *
 * @param {FoundFile} found
 * @param {string | undefined} ifNoneMatch
 * @returns {import('../replies.js').Reply}
 */
export function fileReply({ file, type, bytes, etag }, ifNoneMatch) {
  const headers = { 'cache-control': 'no-cache', etag };
  const held = ifNoneMatch?.split(',').map((tag) => tag.trim());
  if (held?.some((tag) => tag === etag || tag === '*')) return { status: 304, headers };
  return { status: 200, headers: { ...headers, 'content-type': type }, body: { file, bytes } };
}

/** @param {string} file */
function typeOf(file) {
  return TYPES[extname(file).slice(1).toLowerCase()] ?? 'application/octet-stream';
}
