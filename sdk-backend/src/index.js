/**
 * What `import … from 'wix-realtime-backend'` gives, by name, as default object or as namespace.
 *
 * @module
 */

import { disconnect, recheckPermissions } from './control.js';
import { permissionsEndpoint } from './endpoint/endpoint.js';
import { currentIdentity, runAs } from './identity.js';
import { publish, publisher } from './publish.js';
import { permissionsRouter } from './router.js';
import { createSessionToken, verifySessionToken } from './session-token.js';
import { configure } from './settings.js';

/** The newer surface's part for a site's own backend. */
const site = Object.freeze({ permissionsRouter, publish });

export {
  configure,
  createSessionToken,
  currentIdentity,
  disconnect,
  permissionsEndpoint,
  permissionsRouter,
  publish,
  publisher,
  recheckPermissions,
  runAs,
  site,
  verifySessionToken,
};

export default Object.freeze({
  configure,
  createSessionToken,
  currentIdentity,
  disconnect,
  permissionsEndpoint,
  permissionsRouter,
  publish,
  publisher,
  recheckPermissions,
  runAs,
  site,
  verifySessionToken,
});
