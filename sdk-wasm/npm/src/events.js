/**
 * The page's handlers for what happens to the connection.
 *
 * @module
 */

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
 * Calls all handlers in the order of their coming. One that throws is reported and disturbs no other.
 *
 * @param {keyof typeof handlers} event
 * @param {unknown} [error]
 */
export function tell(event, error) {
  for (const handler of [...handlers[event]]) {
    try {
      handler(error);
    } catch (thrown) {
      console.error('wix-realtime-frontend: a handler has thrown', thrown);
    }
  }
}
