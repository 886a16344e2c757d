/**
 * Every link from one document to another, or to a file, leads somewhere.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { documents } from './harness/blocks.mjs';

/** `[text](target)`, and the images of HTML. */
const LINKS = /\]\((?<target>[^)\s]+)\)|src="(?<image>[^"]+)"/g;

describe('every link', () => {
  for (const document of documents()) {
    it(`of ${document} leads somewhere`, () => {
      const text = withoutCode(readFileSync(join(root, document), 'utf8'));
      const targets = [...text.matchAll(LINKS)].map(({ groups }) => groups?.target ?? groups?.image ?? '');
      const broken = targets.filter((target) => !/^[a-z]+:/.test(target) && !leads(document, target));
      assert.deepEqual(broken, []);
    });
  }
});

/**
 * @param {string} document
 * @param {string} target a path, an anchor, or both
 */
function leads(document, target) {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? join(root, document) : join(root, dirname(document), path);
  if (!existsSync(file)) return false;
  return anchor === undefined || anchorsOf(readFileSync(file, 'utf8')).includes(anchor);
}

/**
 * The names under which a document's headings are linked to, as GitHub makes them.
 *
 * @param {string} markdown
 */
function anchorsOf(markdown) {
  const headings = withoutCode(markdown).match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/**
 * @param {string} markdown
 */
function withoutCode(markdown) {
  return markdown
    .replace(/^ *```.*?^ *```$/gms, '')
    .replace(/`[^`\n]*`/g, (code) => code.replaceAll('](', '] ('));
}
