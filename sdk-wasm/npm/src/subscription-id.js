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
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  // The version is a digit, the variant two bits of one.
  const variant = '89ab'[Number(`0x${hex[16]}`) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
