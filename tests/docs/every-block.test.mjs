/**
 * Every code block of every document does what it says: by the rule of its language, or in a story of its own.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { blocksOf, documents } from './harness/blocks.mjs';
import { ruleFor } from './harness/rules.mjs';
import { Workshop } from './harness/workshop.mjs';

/** @typedef {import('./harness/blocks.mjs').Block} Block */

/** More would be a habit. Each says why beside it. */
const MOST_NOT_RUN = 14;

/** What examples find in their folder. */
const SITE_FILES = {
  'backend/realtime-permissions.js': `
    export const realtime_check_permission = () => ({ read: true });`,
};

describe('every code block', () => {
  /** @type {Workshop} */
  let workshop;
  const blocks = documents().flatMap(blocksOf);

  before(async () => {
    workshop = await Workshop.open();
    for (const [path, content] of Object.entries(SITE_FILES)) await workshop.writeFile(path, content);
    await workshop.writeFile('package.json', '{ "private": true, "type": "module" }');
    await workshop.sh('npm install "$REPO"/dist/*.tgz');
    await workshop.startRelay();
  });
  after(() => workshop?.close());

  for (const block of blocks) {
    const name = `${block.document}:${block.line} ${block.language}`;
    if (block.marker?.kind === 'told by') {
      const { by } = block.marker;
      it(`${name} is told by ${by}`, () => assertTeller(block.document, by));
    } else if (!block.marker) {
      it(name, async () => {
        const rule = ruleFor(block);
        assert.ok(rule, `no rule covers it: ${block.text}`);
        await rule(workshop, block);
      });
    }
  }

  it('is run, but for a few that say why not', () => {
    const notRun = blocks.filter(({ marker }) => marker?.kind === 'not run');
    for (const { document, line, marker } of notRun) {
      assert.ok((marker?.by.length ?? 0) > 10, `${document}:${line} gives no reason`);
    }
    assert.ok(notRun.length <= MOST_NOT_RUN, `${notRun.length} are not run`);
  });
});

/**
 * The test that is said to tell a document's block exists and speaks of the document.
 *
 * @param {string} document
 * @param {string} teller
 */
function assertTeller(document, teller) {
  const file = join(root, teller);
  assert.ok(existsSync(file), `there is no ${teller}`);
  assert.ok(readFileSync(file, 'utf8').includes(document), `${teller} does not speak of ${document}`);
}
