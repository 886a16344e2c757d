/**
 * `SECURITY.md` is held to the code: what strangers try has tests that exist.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { ambiguousOf, duplicates, missingOf, rowsUnder, testsIn } from './rows.mjs';

const page = readFileSync(join(root, 'SECURITY.md'), 'utf8');

const rows = rowsUnder(page, '| what | what comes of it | shown by |').map(([what = '', , shownBy = '']) => ({
  what,
  tests: testsIn(shownBy),
}));

describe('what strangers try', () => {
  it('has a test each, and stands once', () => {
    assert.ok(rows.length > 0);
    for (const { what, tests } of rows) assert.ok(what && tests.length > 0, `unproved: ${what}`);
    assert.deepEqual(duplicates(rows.map(({ what }) => what)), []);
  });

  it('names tests that exist, by names that tell them apart', () => {
    const named = rows.flatMap(({ tests }) => tests);
    assert.deepEqual(missingOf(named), []);
    assert.deepEqual(ambiguousOf(named), []);
  });
});
