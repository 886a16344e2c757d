/**
 * Tables of rules or promises in documents, each row with the tests that show it: read, and looked up in the code.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/lib/project.mjs';
import { testNamesIn } from './names.mjs';

/** @typedef {{ file: string, name: string }} Test one that a row names: its file, relative to the repository, and its name */

/** `[name of the test](../path/of/the/file)`, without the dots where the document stands at the top. */
const REFERENCE = /\[([^\]]+)\]\((?:\.\.\/)?([^)]+)\)/g;

/**
 * The rows of all tables of a page that have this heading.
 *
 * @param {string} page
 * @param {string} heading its line
 * @returns {string[][]} their cells
 */
export function rowsUnder(page, heading) {
  const width = cellsOf(heading).length;
  /** @type {string[][]} */
  const found = [];
  let isInside = false;
  for (const line of page.split('\n')) {
    if (line === heading) isInside = true;
    else if (!line.startsWith('|')) isInside = false;
    else if (isInside && !line.startsWith('|---')) {
      assert.equal(cellsOf(line).length, width, `a row has ${width} cells: ${line}`);
      found.push(cellsOf(line));
    }
  }
  return found;
}

/** @param {string} line */
const cellsOf = (line) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/**
 * The tests that a cell names.
 *
 * @param {string} cell
 * @returns {Test[]}
 */
export const testsIn = (cell) =>
  [...cell.matchAll(REFERENCE)].map(([, name = '', file = '']) => ({ file, name }));

/**
 * Those that are not there.
 *
 * @param {readonly Test[]} tests
 */
export const missingOf = (tests) => tests.filter(({ file, name }) => !namesOf(file).includes(name));

/**
 * Those whose names their files have more than once.
 *
 * @param {readonly Test[]} tests
 */
export const ambiguousOf = (tests) =>
  tests.filter(({ file, name }) => duplicates(namesOf(file)).includes(name));

/**
 * Where some tests run, as the tables say it.
 *
 * @param {readonly Test[]} tests
 */
export function placesOf(tests) {
  const places = new Set(tests.flatMap(({ file }) => placeOf(file)));
  return ['Chromium', 'Firefox', 'Node', 'Rust'].filter((place) => places.has(place)).join(', ');
}

/** @param {string} file */
function placeOf(file) {
  if (file.startsWith('tests/conformance/suites/')) return ['Chromium', 'Firefox'];
  if (file === 'tests/world/scenarios/kept.mjs') return ['Chromium'];
  if (file.startsWith('tests/world/scenarios/')) return ['Chromium', 'Firefox'];
  if (file.startsWith('sdk-wasm/tests/') && file.endsWith('.rs')) return ['Chromium', 'Firefox'];
  if (file.startsWith('tests/pages/')) return ['Chromium'];
  return [file.endsWith('.rs') ? 'Rust' : 'Node'];
}

/**
 * The names of the tests of a file, groups included.
 *
 * @param {string} file relative to the repository
 */
function namesOf(file) {
  const path = join(root, file);
  return existsSync(path) ? testNamesIn(path) : [];
}

/**
 * The tests of a file, groups left out.
 *
 * @param {string} file relative to the repository
 * @returns {Test[]}
 */
export const leavesOf = (file) =>
  testNamesIn(join(root, file), ['it', 'test']).map((name) => ({ file, name }));

/**
 * Each claim stands once and has tests, which exist, by names that tell them apart.
 *
 * @param {readonly { claim: string, tests: readonly Test[] }[]} claims
 */
export function assertShown(claims) {
  assert.ok(claims.length > 0);
  for (const { claim, tests } of claims) assert.ok(claim && tests.length > 0, `unproved: ${claim}`);
  assert.deepEqual(duplicates(claims.map(({ claim }) => claim)), []);
  const named = claims.flatMap(({ tests }) => tests);
  assert.deepEqual(missingOf(named), []);
  assert.deepEqual(ambiguousOf(named), []);
}

/** @param {string[]} list */
export const duplicates = (list) => list.filter((each, index) => list.indexOf(each) !== index);
