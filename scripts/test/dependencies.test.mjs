/** What may be depended on, and how it is told what may not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOfCrates, faultsOfNodePackages, isAllowed, vulnerable } from '../lib/dependencies.mjs';

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

const registry = 'registry+https://github.com/rust-lang/crates.io-index';

test('a crate of another licence, of another place or of a kind that is not wanted is named', () => {
  const crate = { name: 'a', version: '1.0.0', license: 'MIT', source: registry };
  const told = (/** @type {object} */ change) => faultsOfCrates([{ ...crate, ...change }]).join();
  assert.equal(told({}), '');
  assert.match(told({ license: 'GPL-3.0-only' }), /crate a 1\.0\.0 has the licence "GPL-3.0-only"/);
  assert.match(told({ license: null }), /has the licence null/);
  assert.match(told({ source: 'git+https://example.org/a' }), /comes from git\+https/);
  assert.match(told({ name: 'openssl-sys' }), /TLS is rustls here/);
  assert.equal(told({ license: null, source: null }), '', 'our own');
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
