/**
 * What backend files import from `wix-web-module`: functions that pages may call, and who may.
 *
 * @module
 */

import { kindOf } from './channel.js';

/** @typedef {import('./identity.js').IdentityType} IdentityType */
/** @typedef {'Anyone' | 'SiteMember' | 'Admin'} Permission */

/** Who may call a web method from a page. */
export const Permissions = Object.freeze({
  Anyone: /** @type {const} */ ('Anyone'),
  SiteMember: /** @type {const} */ ('SiteMember'),
  Admin: /** @type {const} */ ('Admin'),
});

/** The types of identity that each permission lets in. @type {Record<Permission, readonly IdentityType[]>} */
const ALLOWED = {
  Anyone: ['Admin', 'Member', 'Visitor'],
  SiteMember: ['Admin', 'Member'],
  Admin: ['Admin'],
};

/** The permission of each web method. @type {WeakMap<Function, Permission>} */
const permissions = new WeakMap();

/**
 * Lets pages call `fn` when the identity of their session has `permission`. Calls from backend code are not checked.
 * Throws a TypeError on wrong arguments, so that a mistyped permission stops the start instead of opening a door.
 *
 * @template {any[]} Args
 * @template Result
 * @param {Permission} permission
 * @param {(...args: Args) => Result} fn
 * @param {object} [_options] accepted and not used
 * @returns {(...args: Args) => Result}
 */
export function webMethod(permission, fn, _options) {
  if (!Object.hasOwn(ALLOWED, permission)) {
    const names = Object.keys(ALLOWED).map((name) => `Permissions.${name}`);
    throw new TypeError(
      `webMethod(permission, fn): permission is one of ${names.join(', ')}, not ${permission}`,
    );
  }
  if (typeof fn !== 'function') {
    throw new TypeError(`webMethod(permission, fn): fn is a function, not ${kindOf(fn)}`);
  }
  /** @param {Args} args */
  const method = (...args) => fn(...args);
  permissions.set(method, permission);
  return method;
}

/**
 * Whether an identity of this type may call `fn` from a page. A function without a permission is open to anyone.
 *
 * @param {Function} fn
 * @param {IdentityType} type
 */
export function mayCall(fn, type) {
  return ALLOWED[permissions.get(fn) ?? 'Anyone'].includes(type);
}
