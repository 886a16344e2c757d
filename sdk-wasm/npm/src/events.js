/**
 * The page's handlers for what happens to the connection.
 *
 * @module
 */
import { call } from './calls.js';

/** @type {Record<'connected' | 'disconnected' | 'failed', ((error?: any) => void)[]>} */
const handlers = { connected: [], disconnected: [], failed: [] };

/**
 * Adds a handler. The same one added twice is called twice.
 *
 * @param {keyof typeof handlers} event
 * @param {(error?: any) => void} handler
 */
export function addHandler(event, handler) {
  handlers[event].push(handler);
}

/**
 * Calls all handlers in the order of their coming.
 *
 * @param {keyof typeof handlers} event
 * @param {unknown[]} args
 */
export function tell(event, ...args) {
  for (const handler of [...handlers[event]]) call(handler, ...args);
}
