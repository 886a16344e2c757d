import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sdk from '../src/index.js';
import * as servicePlugins from '../src/service-plugins.js';
import * as webModule from '../src/web-module.js';

test('the declared types are those of the code', () => {
  // The assignments are checked by the type checker; what is left for run time is that nothing is missing.
  /** @type {typeof import('../index.d.ts')} */
  const declaredSdk = sdk;
  /** @type {typeof import('../service-plugins.d.ts')} */
  const declaredServicePlugins = servicePlugins;
  /** @type {typeof import('../web-module.d.ts')} */
  const declaredWebModule = webModule;
  assert.equal(typeof declaredSdk.publish, 'function');
  assert.equal(typeof declaredServicePlugins.realtimePermissionsProvider.provideHandlers, 'function');
  assert.equal(typeof declaredWebModule.webMethod, 'function');
});
