/**
 * The hands outside of the page; see `harness/hands.mjs`.
 *
 * @module
 */

/**
 * @typedef {import('../harness/hands.mjs').Hands} Outside
 */

/**
 * Each call is a request to the test's own server.
 *
 * @type {Outside}
 */
export const hands = new Proxy(/** @type {any} */ ({}), {
  get:
    (_target, name) =>
    (/** @type {unknown[]} */ ...args) =>
      reach(String(name), args),
});

/**
 * @param {string} name
 * @param {unknown[]} args
 */
async function reach(name, args) {
  const response = await fetch(`/hands/${name}`, { method: 'POST', body: JSON.stringify(args) });
  if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
  return response.json();
}
