/**
 * Who this browser is: asked from the backend, changed by a session token that the backend makes.
 *
 * @module
 */

import { signInAs, whoAmI } from 'backend/identity.web';
import { restart } from './live.js';

/** @typedef {'Visitor' | 'Member' | 'Admin'} IdentityType */
/** @typedef {{ id: string, type: IdentityType }} Identity */

/** Tells the other tabs of this browser, which share the session, that it is someone else's now. */
const otherTabs = new BroadcastChannel('realtime-demo-identity');

/** @type {Identity} */
let current = { id: '', type: 'Visitor' };

/** @type {((identity: Identity) => void)[]} */
const watchers = [];

/** The id under which this page publishes; empty until the backend has said it. */
export function ownId() {
  return current.id;
}

/**
 * Calls `watcher` with the identity now and after each change.
 *
 * @param {(identity: Identity) => void} watcher
 */
export function watchIdentity(watcher) {
  watchers.push(watcher);
  watcher(current);
}

/** Asks the backend who the session belongs to and tells the watchers. */
export async function refreshIdentity() {
  current = await whoAmI();
  for (const watcher of watchers) watcher(current);
}

/**
 * Becomes a new visitor, member or admin: the session changes first, then the connection starts anew with it.
 *
 * @param {IdentityType} type
 */
export async function become(type) {
  await applySessionToken(await signInAs(type));
  await refreshIdentity();
  restart();
  otherTabs.postMessage('changed');
}

otherTabs.onmessage = async () => {
  await refreshIdentity();
  restart();
};

/** @param {string} token */
async function applySessionToken(token) {
  const response = await fetch('/_realtime/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  if (!response.ok) throw new Error(`the session was not changed: HTTP status ${response.status}`);
}
