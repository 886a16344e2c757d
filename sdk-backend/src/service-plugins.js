/**
 * What `import … from 'wix-realtime-backend/service-plugins'` gives: the service plugin by which an app decides who may
 * read its channels. Code written for `@wix/realtime/service-plugins` runs unchanged; the relay's questions reach it
 * through `permissionsEndpoint`.
 *
 * @module
 */

import { kindOf } from './channel.js';

/** @typedef {import('../service-plugins.d.ts').CheckSubscriberPermissions} CheckSubscriberPermissions */
/** @typedef {import('../service-plugins.d.ts').RealtimePermissionsHandlers} RealtimePermissionsHandlers */

/** @type {CheckSubscriberPermissions | undefined} */
let provided;

/**
 * Lets `checkSubscriberPermissions` answer the relay's questions, instead of the permissions router. Provided twice,
 * the last one stands. Throws a TypeError when it is not a function.
 *
 * @param {RealtimePermissionsHandlers} handlers
 */
function provideHandlers(handlers) {
  const { checkSubscriberPermissions } = handlers ?? {};
  if (typeof checkSubscriberPermissions !== 'function') {
    throw new TypeError(
      'realtimePermissionsProvider.provideHandlers({ checkSubscriberPermissions }): checkSubscriberPermissions is a ' +
        `function, not ${kindOf(checkSubscriberPermissions)}`,
    );
  }
  provided = checkSubscriberPermissions;
}

export const realtimePermissionsProvider = Object.freeze({ provideHandlers });

export default Object.freeze({ realtimePermissionsProvider });

/** The handler that was provided, if any. */
export function providedHandler() {
  return provided;
}
