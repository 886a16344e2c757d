/**
 * The code blocks of the repository's Markdown, and how each of them is tested.
 *
 * A block is tested by the rule of its language (see `rules.mjs`) unless a comment on the line above its fence says
 * otherwise. Readers do not see it:
 *
 * - `<!-- told by PATH -->`: that test runs it as a part of a longer story. The file must name the document.
 * - `<!-- not run: REASON -->`: it is run by nothing.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../scripts/lib/project.mjs';

/**
 * @typedef {object} Block
 * @property {string} document path from the repository's root
 * @property {number} line of its opening fence
 * @property {string} heading the section that it stands in
 * @property {string} language what the fence says; empty when it says nothing
 * @property {string} text without the indent of the fence
 * @property {string | undefined} file the name that a first line such as `// backend/chat.web.js` gives it
 * @property {{ kind: 'told by' | 'not run', by: string } | undefined} marker
 */

/** @returns {string[]} all Markdown files that are, or are about to be, in the repository */
export function documents() {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
  const files = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);
  return [...new Set(files)].sort();
}

/**
 * @param {string} document
 * @returns {Block[]}
 */
export function blocksOf(document) {
  return parseBlocks(document, readFileSync(join(root, document), 'utf8'));
}

const FENCE = /^(?<indent> *)(?<fence>`{3,})(?<language>\S*)/;
const MARKER = /^ *<!-- (?<kind>told by|not run:) (?<by>.+) -->$/;
const FILE = /^(?:\/\/|#|<!--) (?<file>[\w./-]+\.\w+)(?: -->)?$/;

/**
 * @param {string} document
 * @param {string} markdown
 * @returns {Block[]}
 */
export function parseBlocks(document, markdown) {
  const lines = markdown.split('\n');
  /** @type {Block[]} */
  const blocks = [];
  let heading = '';
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (/^#+ /.test(line)) heading = line.replace(/^#+ /, '');
    const { indent = '', fence, language = '' } = FENCE.exec(line)?.groups ?? {};
    if (!fence) continue;
    const end = lines.findIndex((later, index) => index > at && later.trim() === fence);
    if (end < 0) throw new Error(`${document}:${at + 1}: the block has no end`);
    const content = lines.slice(at + 1, end).map((inner) => inner.replace(new RegExp(`^${indent}`), ''));
    blocks.push({
      document,
      line: at + 1,
      heading,
      language,
      text: `${content.join('\n')}\n`,
      file: FILE.exec(content[0] ?? '')?.groups?.file,
      marker: markerOf(lines[at - 1] ?? ''),
    });
    at = end;
  }
  return blocks;
}

/**
 * @param {string} line the one above the fence
 * @returns {Block['marker']}
 */
function markerOf(line) {
  const { kind, by } = MARKER.exec(line)?.groups ?? {};
  if (!kind || !by) return undefined;
  return { kind: kind === 'told by' ? 'told by' : 'not run', by };
}

/**
 * A document as a story tells it: the blocks that it says are told by this test file. The story takes them one by one,
 * and has to take them all.
 */
export class Story {
  /** @type {Block[]} */
  #left;

  /**
   * @param {string} document
   * @param {string} teller path of the test file from the repository's root
   */
  constructor(document, teller) {
    this.document = document;
    this.#left = blocksOf(document).filter(
      ({ marker }) => marker?.kind === 'told by' && marker.by === teller,
    );
    if (this.#left.length === 0) throw new Error(`${document} has no block that is told by ${teller}`);
  }

  /**
   * The next block, which must be of this language.
   *
   * @param {string} language
   * @param {string} [file] the name that its first line gives it
   * @returns {Block}
   */
  next(language, file) {
    const block = this.#left.shift();
    const wanted = `a block of ${language}${file ? ` for ${file}` : ''}`;
    if (!block)
      throw new Error(`${this.document} has no further block, but the story goes on with ${wanted}`);
    if (block.language !== language || block.file !== file) {
      const found = `${block.language}${block.file ? ` for ${block.file}` : ''}`;
      throw new Error(
        `${this.document}:${block.line}: the story goes on with ${wanted}, but this is ${found}`,
      );
    }
    return block;
  }

  /** Throws when a block was not told. */
  end() {
    const [block] = this.#left;
    if (block) throw new Error(`${this.document}:${block.line}: the story does not tell this block`);
  }
}
