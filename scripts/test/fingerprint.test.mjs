/** Fingerprints follow contents and names, and nothing else. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesUnder, fingerprint, stamp } from '../lib/fingerprint.mjs';

/**
 * @param {import('node:test').TestContext} context
 * @returns {string} a folder with two files in it, gone after the test
 */
function folderOfTwo(context) {
  const folder = mkdtempSync(join(tmpdir(), 'fingerprint-'));
  context.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'inner'));
  writeFileSync(join(folder, 'a.txt'), 'one');
  writeFileSync(join(folder, 'inner', 'b.txt'), 'two');
  return folder;
}

test('the same contents give the same fingerprint, whenever they were written', (context) => {
  const folder = folderOfTwo(context);
  const before = fingerprint([folder]);
  utimesSync(join(folder, 'a.txt'), 0, 0);
  assert.equal(fingerprint([folder]), before);
});

test('a changed byte, a new file, a new name and another fact each give another fingerprint', (context) => {
  const folder = folderOfTwo(context);
  const seen = new Set([fingerprint([folder]), fingerprint([folder], ['-Oz'])]);
  writeFileSync(join(folder, 'a.txt'), 'One');
  seen.add(fingerprint([folder]));
  writeFileSync(join(folder, 'c.txt'), '');
  seen.add(fingerprint([folder]));
  renameSync(join(folder, 'c.txt'), join(folder, 'd.txt'));
  seen.add(fingerprint([folder]));
  assert.equal(seen.size, 5);
});

test('what is moved from the end of one file to the start of the next is noticed', (context) => {
  const folder = folderOfTwo(context);
  const before = fingerprint([folder]);
  writeFileSync(join(folder, 'a.txt'), 'onet');
  writeFileSync(join(folder, 'inner', 'b.txt'), 'wo');
  assert.notEqual(fingerprint([folder]), before);
});

test('installed and compiled things are no sources, and a missing path has no files', (context) => {
  const folder = folderOfTwo(context);
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, 'node_modules', 'x.js'), '');
  assert.deepEqual(filesUnder([folder, join(folder, 'absent')]), [
    join(folder, 'a.txt'),
    join(folder, 'inner', 'b.txt'),
  ]);
});

test('a stamp holds for the print that was set, until it is cleared', (context) => {
  const subject = stamp(`test-${process.pid}`);
  context.after(() => subject.clear());
  assert.equal(subject.holds('p'), false);
  subject.set('p');
  assert.equal(subject.holds('p'), true);
  assert.equal(subject.holds('q'), false);
  subject.clear();
  assert.equal(subject.holds('p'), false);
});
