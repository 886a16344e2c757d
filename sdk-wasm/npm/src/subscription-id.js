/**
 * Ids of subscriptions: UUIDs of version 4 (RFC 9562 section 5.4), which nobody can guess.
 *
 * @module
 */

/**
 * Not by `crypto.randomUUID`, which pages without HTTPS do not have.
 *
 * @returns {string}
 */
export function newSubscriptionId() {
  const form = 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx';
  const bytes = crypto.getRandomValues(new Uint8Array(form.length));
  // Four random bits for each x. Of the y, two are the variant.
  return form.replace(/[xy]/g, (letter, at) => {
    const byte = /** @type {number} */ (bytes[at]);
    return (letter === 'x' ? byte & 15 : (byte & 3) | 8).toString(16);
  });
}
