/**
 * On whose behalf the backend acts right now. The host puts the identity of the browser's session in force around
 * each web method; other hosts do the same with `runAs`. It follows `await`, timers and callbacks that start inside.
 *
 * @module
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { kindOf } from './channel.js';
import { badInput } from './errors.js';

/** @typedef {'Admin' | 'Member' | 'Visitor'} IdentityType */
/** @typedef {{ id: string, type: IdentityType }} Identity */

/** @type {readonly IdentityType[]} */
const TYPES = ['Admin', 'Member', 'Visitor'];

/** @type {AsyncLocalStorage<Identity>} */
const identities = new AsyncLocalStorage();

/**
 * Calls `fn` with this identity in force and returns what it returns.
 *
 * @template T
 * @param {{ id: string, type?: string | undefined }} identity `type` in any case, Member when missing
 * @param {() => T} fn
 * @returns {T}
 */
export function runAs(identity, fn) {
  if (typeof fn !== 'function') throw badInput(`runAs(identity, fn): fn is a function, not ${kindOf(fn)}`);
  return identities.run(parseIdentity(identity), fn);
}

/**
 * The identity in force; undefined in a job that nobody's request started.
 *
 * @returns {Identity | undefined}
 */
export function currentIdentity() {
  return identities.getStore();
}

/**
 * An identity whose type is written as the API writes it. Throws a bad-input error for anything else.
 *
 * @param {unknown} value
 * @returns {Identity}
 */
export function parseIdentity(value) {
  if (typeof value !== 'object' || value === null) {
    throw badInput(`an identity is an object such as { id: "…", type: "Member" }, not ${kindOf(value)}`);
  }
  const { id, type = 'Member' } = /** @type {{ id?: unknown, type?: unknown }} */ (value);
  if (typeof id !== 'string' || id === '') throw badInput(`an identity's id is a string that is not empty`);
  const known = TYPES.find((name) => name.toLowerCase() === String(type).toLowerCase());
  if (!known) throw badInput(`an identity's type is one of ${TYPES.join(', ')}, not ${JSON.stringify(type)}`);
  return { id, type: known };
}
