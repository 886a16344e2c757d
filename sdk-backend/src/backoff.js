/**
 * How long to wait before the relay is asked again.
 *
 * @module
 */

/** @typedef {Pick<import('./settings.js').RetrySettings, 'minDelayMs' | 'maxDelayMs'>} Backoff */

/** A relay that asks for a longer pause is tried nonetheless, or whole deadlines would pass without an attempt. */
const MAX_RETRY_AFTER_MS = 10_000;

/** More doublings than any bound needs, and few enough that no number becomes infinite. */
const MAX_DOUBLINGS = 30;

/**
 * Full jitter: any pause up to a bound that doubles with each failure, so that many backends do not come back to the
 * relay together; and not less than the relay asked for. In milliseconds.
 *
 * @param {number} failures before this one
 * @param {number} retryAfterMs
 * @param {Backoff} backoff
 */
export function pauseBefore(failures, retryAfterMs, { minDelayMs, maxDelayMs }) {
  const bound = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(failures, MAX_DOUBLINGS));
  return Math.max(Math.min(retryAfterMs, MAX_RETRY_AFTER_MS), Math.random() * bound);
}
