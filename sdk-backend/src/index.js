/**
 * What `import … from 'wix-realtime-backend'` gives, by name, as default object or as namespace.
 *
 * @module
 */

import { currentIdentity, runAs } from './identity.js';
import { createPermissionsRouter } from './permissions-router.js';
import { publish, publisher } from './publish.js';
import { createSessionToken, verifySessionToken } from './session-token.js';
import { configure } from './settings.js';

/** The router of this process. `backend/realtime-permissions.js` fills it and asks it. */
const permissionsRouter = createPermissionsRouter();

export {
  configure,
  createSessionToken,
  currentIdentity,
  permissionsRouter,
  publish,
  publisher,
  runAs,
  verifySessionToken,
};

export default Object.freeze({
  configure,
  createSessionToken,
  currentIdentity,
  permissionsRouter,
  publish,
  publisher,
  runAs,
  verifySessionToken,
});
