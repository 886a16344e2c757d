/**
 * `docs/conformance.md` is held to the tests: what it names exists, and what exists it names.
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { testNamesIn } from './names.mjs';

/**
 * @typedef {object} Row
 * @property {string} rule
 * @property {string} whose
 * @property {string} where
 * @property {{ file: string, name: string }[]} tests
 */

const docs = join(root, 'docs');

/** Folders whose every test is the proof of a rule. */
const PROOFS = ['tests/conformance/suites', 'tests/conformance/node'];

const HEADING = '| rule | whose | runs in | shown by |';

/** `[name of the test](../path/of/the/file)` */
const REFERENCE = /\[([^\]]+)\]\(\.\.\/([^)]+)\)/g;

const rows = readRows(readFileSync(join(docs, 'conformance.md'), 'utf8'));

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
    const named = rows.flatMap(({ tests }) => tests);
    const missing = named.filter(({ file, name }) => !namesOf(file).includes(name));
    assert.deepEqual(missing, []);
  });

  it('names every test of conformance', () => {
    const named = new Set(rows.flatMap(({ tests }) => tests.map(({ file, name }) => `${file}: ${name}`)));
    const unnamed = PROOFS.flatMap((folder) =>
      readdirSync(join(root, folder)).flatMap((file) => leavesOf(`${folder}/${file}`)),
    ).filter((test) => !named.has(test));
    assert.deepEqual(unnamed, []);
  });

  it('says where they run', () => {
    for (const { rule, where, tests } of rows) assert.equal(where, placesOf(tests), rule);
  });

  it('can tell tests apart by their names', () => {
    for (const file of new Set(rows.flatMap(({ tests }) => tests.map((test) => test.file)))) {
      const named = rows.flatMap(({ tests }) =>
        tests.filter((test) => test.file === file).map(({ name }) => name),
      );
      assert.deepEqual(
        duplicates(namesOf(file)).filter((name) => named.includes(name)),
        [],
        file,
      );
    }
  });
});

/**
 * The rows of all tables of this kind on the page.
 *
 * @param {string} page
 * @returns {Row[]}
 */
function readRows(page) {
  /** @type {Row[]} */
  const found = [];
  let isInside = false;
  for (const line of page.split('\n')) {
    if (line === HEADING) isInside = true;
    else if (!line.startsWith('|')) isInside = false;
    else if (isInside && !line.startsWith('|---')) found.push(readRow(line));
  }
  return found;
}

/** @param {string} line */
function readRow(line) {
  const cells = line.split('|').slice(1, -1);
  assert.equal(cells.length, 4, `a row has four cells: ${line}`);
  const [rule = '', whose = '', where = '', shownBy = ''] = cells.map((cell) => cell.trim());
  const tests = [...shownBy.matchAll(REFERENCE)].map(([, name = '', file = '']) => ({ file, name }));
  return { rule, whose, where, tests };
}

/** @param {string} file relative to the repository */
function namesOf(file) {
  const path = join(root, file);
  return existsSync(path) ? testNamesIn(path) : [];
}

/**
 * The tests of a file, groups left out.
 *
 * @param {string} file
 */
function leavesOf(file) {
  return testNamesIn(join(root, file), ['it', 'test']).map(
    (name) => `${relative(root, join(root, file))}: ${name}`,
  );
}

/**
 * Where the tests of some files run, as the table says it.
 *
 * @param {Row['tests']} tests
 */
function placesOf(tests) {
  const places = new Set(tests.flatMap(({ file }) => placeOf(file)));
  return ['Chromium', 'Firefox', 'Node', 'Rust'].filter((place) => places.has(place)).join(', ');
}

/** @param {string} file */
function placeOf(file) {
  if (file.startsWith('tests/conformance/suites/')) return ['Chromium', 'Firefox'];
  if (file.startsWith('sdk-wasm/tests/') && file.endsWith('.rs')) return ['Chromium', 'Firefox'];
  if (file.startsWith('tests/pages/')) return ['Chromium'];
  return [file.endsWith('.rs') ? 'Rust' : 'Node'];
}

/** @param {string[]} list */
function duplicates(list) {
  return list.filter((each, index) => list.indexOf(each) !== index);
}
