import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as inPages from '../src/browser.js';
import * as backend from '../src/index.js';

/**
 * The paths of all functions below a module or object: `publish`, `site.permissionsRouter.add`, …
 *
 * @param {object} from
 * @param {string} [path]
 * @returns {Map<string, () => unknown>}
 */
function functionsOf(from, path = '') {
  /** @type {Map<string, () => unknown>} */
  const found = new Map();
  for (const name of Reflect.ownKeys(from).filter((key) => typeof key === 'string')) {
    const value = /** @type {Record<string, unknown>} */ (from)[name];
    if (typeof value === 'function') found.set(path + name, () => value());
    else if (typeof value === 'object' && value !== null)
      for (const [below, fn] of functionsOf(value, `${path}${name}.`)) found.set(below, fn);
  }
  return found;
}

test('pages get every name of the package, and each says that it belongs to backend code', () => {
  const names = [...functionsOf(backend).keys()].sort();
  const refusing = functionsOf(inPages);
  assert.ok(names.includes('publish') && names.includes('default.site.permissionsRouter.add'), `${names}`);
  assert.deepEqual([...refusing.keys()].sort(), names);
  for (const [name, fn] of refusing) {
    assert.throws(fn, { name: 'RealtimeError', errorCode: 3, message: /belongs to backend code/ }, name);
  }
});

test('what pages get imports nothing', () => {
  const source = readFileSync(new URL('../src/browser.js', import.meta.url), 'utf8');
  assert.doesNotMatch(source, /^import /m);
});
