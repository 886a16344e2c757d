/** When `npm ci` is needed and when it is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockDifference } from '../lib/node-packages.mjs';

const wanted = {
  '': { version: '0.1.0' },
  'node_modules/tool': { version: '2.0.0', integrity: 'sha512-tool' },
  'node_modules/tool-linux': { version: '2.0.0', integrity: 'sha512-linux', optional: true },
  'node_modules/tool-windows': { version: '2.0.0', integrity: 'sha512-windows', optional: true },
};

const installed = {
  'node_modules/tool': { version: '2.0.0', integrity: 'sha512-tool' },
  'node_modules/tool-linux': { version: '2.0.0', integrity: 'sha512-linux', optional: true },
};

test('what is wanted is installed when only packages of other platforms are missing', () => {
  assert.equal(lockDifference(wanted, installed), undefined);
});

test('a missing package is a difference', () => {
  const { 'node_modules/tool': _tool, ...rest } = installed;
  assert.equal(lockDifference(wanted, rest), 'node_modules/tool is missing');
});

test('another version, and the same version with other contents, are differences', () => {
  for (const change of [{ version: '1.9.0' }, { integrity: 'sha512-other' }]) {
    const changed = { ...installed, 'node_modules/tool': { ...installed['node_modules/tool'], ...change } };
    assert.equal(lockDifference(wanted, changed), 'node_modules/tool is not 2.0.0');
  }
});

test('an optional package of the wrong version is a difference although it could be missing', () => {
  const changed = {
    ...installed,
    'node_modules/tool-linux': { version: '1.0.0', integrity: 'sha512-linux' },
  };
  assert.equal(lockDifference(wanted, changed), 'node_modules/tool-linux is not 2.0.0');
});

test('a package that is no longer wanted is a difference', () => {
  const more = { ...installed, 'node_modules/old': { version: '1.0.0' } };
  assert.equal(lockDifference(wanted, more), 'node_modules/old is no longer wanted');
});
