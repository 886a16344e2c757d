/**
 * `SECURITY.md` is held to the code: what strangers try has tests that exist.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { assertShown, rowsUnder, testsIn } from './rows.mjs';

const page = readFileSync(join(root, 'SECURITY.md'), 'utf8');

describe('what strangers try', () => {
  it('stands once, and has tests that exist, by names that tell them apart', () => {
    const rows = rowsUnder(page, '| what | what comes of it | shown by |');
    assertShown(rows.map(([claim = '', , shownBy = '']) => ({ claim, tests: testsIn(shownBy) })));
  });
});
