/**
 * `docs/conformance.md` is held to the tests: what it names exists, and what exists it names.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { ambiguousOf, duplicates, leavesOf, missingOf, placesOf, rowsUnder, testsIn } from './rows.mjs';

/** Folders whose every test is the proof of a rule. */
const PROOFS = ['tests/conformance/suites', 'tests/conformance/node'];

const page = readFileSync(join(root, 'docs', 'conformance.md'), 'utf8');

const rows = rowsUnder(page, '| rule | whose | runs in | shown by |').map(
  ([rule = '', whose = '', where = '', shownBy = '']) => ({ rule, whose, where, tests: testsIn(shownBy) }),
);
const named = rows.flatMap(({ tests }) => tests);

describe('the table of all rules', () => {
  it('has no empty cell, and no rule twice', () => {
    assert.ok(rows.length > 0);
    for (const { rule, whose, where, tests } of rows) {
      assert.ok(rule && where && tests.length > 0, `incomplete: ${rule}`);
      assert.ok(['Wix', 'ours'].includes(whose), `whose rule is it? ${rule}`);
    }
    assert.deepEqual(duplicates(rows.map(({ rule }) => rule)), []);
  });

  it('names tests that exist, by their names and in their files', () => {
    assert.deepEqual(missingOf(named), []);
  });

  it('names every test of conformance', () => {
    const known = new Set(named.map(({ file, name }) => `${file}: ${name}`));
    const unnamed = PROOFS.flatMap((folder) =>
      readdirSync(join(root, folder)).flatMap((file) => leavesOf(`${folder}/${file}`)),
    ).filter(({ file, name }) => !known.has(`${file}: ${name}`));
    assert.deepEqual(unnamed, []);
  });

  it('says where they run', () => {
    for (const { rule, where, tests } of rows) assert.equal(where, placesOf(tests), rule);
  });

  it('can tell tests apart by their names', () => {
    assert.deepEqual(ambiguousOf(named), []);
  });
});
