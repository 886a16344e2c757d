/** What may be depended on, and how it is told what may not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOfNodePackages, isAllowed, isUnasked, licencesIn, vulnerable } from '../lib/dependencies.mjs';

test('a licence expression is met by one of several, and by all that it asks for together', () => {
  for (const expression of [
    'MIT',
    'MIT/Apache-2.0',
    'GPL-3.0-only OR MIT',
    '(MIT OR Apache-2.0) AND Unicode-3.0',
  ])
    assert.ok(isAllowed(expression), expression);
  for (const expression of ['', 'GPL-3.0-only', 'MIT AND GPL-3.0-only', '(MIT OR ISC) AND MPL-2.0', 'MITX'])
    assert.ok(!isAllowed(expression), expression);
});

test('the licences of crates are those that deny.toml allows', () => {
  const text =
    '[bans]\nallow = ["x"]\n\n[licenses]\n# Some.\nallow = [\n  "MIT",\n  "ISC", # short\n]\n[a]\n';
  assert.deepEqual(licencesIn(text), ['MIT', 'ISC']);
  assert.throws(() => licencesIn('[bans]\nallow = ["x"]\n'), /no \[licenses\]/);
});

test('a database that cannot be had is told from a crate that is vulnerable', () => {
  const failed = (/** @type {string} */ output) => isUnasked({ message: 'ended with exit code 1', output });
  assert.ok(failed('[ERROR] failed to fetch advisory database https://example.org/db with cli'));
  assert.ok(!failed('error[vulnerability]: Double free\n  a 1.0.0\nadvisories FAILED'));
  assert.ok(isUnasked({ message: 'cargo-deny was stopped at its limit of 60 s', output: '' }));
});

test('an npm package that is passed on has to have a permissive licence and a checksum', () => {
  const told = (/** @type {object} */ change) =>
    faultsOfNodePackages({
      '': {},
      'node_modules/a': { license: 'MIT', integrity: 'sha512-x', ...change },
    }).join();
  assert.equal(told({}), '');
  assert.match(told({ license: 'MPL-2.0' }), /node_modules\/a has the licence "MPL-2.0"/);
  assert.equal(told({ license: 'MPL-2.0', dev: true }), '');
  assert.match(told({ integrity: undefined }), /has no checksum/);
  assert.match(told({ resolved: 'git+ssh://example.org/a' }), /comes from git/);
});

test('what is known to be vulnerable is named, and a registry that cannot be asked is no answer', () => {
  const answer = {
    vulnerabilities: { a: { name: 'a', severity: 'high' }, b: { name: 'b', severity: 'low' } },
  };
  assert.deepEqual(vulnerable(`npm warn x\n${JSON.stringify(answer)}`), [
    'npm package a has a vulnerability (high)',
  ]);
  assert.deepEqual(vulnerable('{"vulnerabilities":{}}'), []);
  assert.equal(vulnerable('{"statusCode":405}'), undefined);
  assert.equal(vulnerable('npm error network'), undefined);
});
