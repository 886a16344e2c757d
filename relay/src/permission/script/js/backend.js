/**
 * What `import … from 'wix-realtime-backend'` (or `'@wix/realtime'`) gives inside the relay: the same names as the npm
 * package has, of which only the permissions router works. The others are there so that a file which imports them
 * loads, and say why they do not work when they are called.
 *
 * @module
 */

import { permissionsRouter } from 'relay:router';

function unavailable(name) {
  return function explain() {
    throw new Error(
      `${name}() is not available here: the relay runs realtime-permissions.js by itself, without a network; ` +
        'call it from another backend file',
    );
  };
}

const configure = unavailable('configure');
const createSessionToken = unavailable('createSessionToken');
const currentIdentity = unavailable('currentIdentity');
const disconnect = unavailable('disconnect');
const permissionsEndpoint = unavailable('permissionsEndpoint');
const publish = unavailable('publish');
const publisher = Object.freeze({ publish: unavailable('publisher.publish') });
const recheckPermissions = unavailable('recheckPermissions');
const runAs = unavailable('runAs');
const site = Object.freeze({ permissionsRouter, publish: unavailable('site.publish') });
const verifySessionToken = unavailable('verifySessionToken');

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
