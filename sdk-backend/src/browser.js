/**
 * What a page's bundle gets for `wix-realtime-backend`: the same names, none of which works there. A page that imports
 * the package by mistake, or through a module that both sides share, runs on, and whoever calls a function is told where
 * it belongs. Nothing of the backend, and nothing of Node, gets into the page.
 *
 * @module
 */

/** The error code of bad input, as everywhere in the API. */
const BAD_INPUT = 3;

/** @param {string} name */
function notHere(name) {
  return () => {
    const message = `${name} of wix-realtime-backend belongs to backend code: let pages call your backend, and import what they receive with from 'wix-realtime-frontend'`;
    throw Object.assign(new Error(message), { name: 'RealtimeError', errorCode: BAD_INPUT });
  };
}

export const configure = notHere('configure');
export const createSessionToken = notHere('createSessionToken');
export const currentIdentity = notHere('currentIdentity');
export const disconnect = notHere('disconnect');
export const permissionsEndpoint = notHere('permissionsEndpoint');
export const publish = notHere('publish');
export const recheckPermissions = notHere('recheckPermissions');
export const runAs = notHere('runAs');
export const verifySessionToken = notHere('verifySessionToken');

export const permissionsRouter = Object.freeze({
  add: notHere('permissionsRouter'),
  default: notHere('permissionsRouter'),
  check: notHere('permissionsRouter'),
  resolve: notHere('permissionsRouter'),
});
export const publisher = Object.freeze({ publish });
export const site = Object.freeze({ permissionsRouter, publish });

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
