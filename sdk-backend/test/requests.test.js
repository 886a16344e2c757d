import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePath } from '../src/host/requests.js';

test('a path is taken apart and decoded', () => {
  assert.deepEqual(parsePath('/'), ['']);
  assert.deepEqual(parsePath('/a/b.js'), ['a', 'b.js']);
  assert.deepEqual(parsePath('/a/b/'), ['a', 'b', '']);
  assert.deepEqual(parsePath('/with%20space/%C3%BC'), ['with space', 'ü']);
  assert.deepEqual(parsePath('/...'), ['...']);
});

test('a path that could mean another one than it seems to is none', () => {
  for (const path of [
    '',
    'a',
    '*',
    'http://127.0.0.1/a',
    '//a',
    '/a//b',
    '/.',
    '/..',
    '/a/../b',
    '/%2e%2e/a',
    '/a%2fb',
    '/a%5cb',
    '/a\\b',
    '/a%00',
    '/%',
    '/%c3',
  ]) {
    assert.equal(parsePath(path), undefined, path);
  }
});
