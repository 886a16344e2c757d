/**
 * Errors that the package's functions reject with.
 *
 * @module
 */

import { inspect } from 'node:util';

/** The codes of the API. `subscription` never comes from this package: a backend does not subscribe. */
export const ErrorCode = Object.freeze({ connection: 1, subscription: 2, badInput: 3 });

/** An Error with the number that says whose fault it is, and the channel that it is about. */
export class RealtimeError extends Error {
  /**
   * @param {number} errorCode one of {@link ErrorCode}
   * @param {string} message
   * @param {{ channel?: unknown, cause?: unknown }} [details]
   */
  constructor(errorCode, message, { channel, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'RealtimeError';
    this.errorCode = errorCode;
    /** The channel as the caller wrote it. */
    this.channel = channel;
  }
}

/**
 * @param {string} message
 * @param {{ channel?: unknown, cause?: unknown }} [details]
 */
export function badInput(message, details) {
  return new RealtimeError(ErrorCode.badInput, message, details);
}

/**
 * @param {string} message
 * @param {{ channel?: unknown, cause?: unknown }} [details]
 */
export function connectionError(message, details) {
  return new RealtimeError(ErrorCode.connection, message, details);
}

/**
 * What went wrong, as text, whatever was thrown; follows one level of cause, where `fetch` puts its reason.
 *
 * @param {unknown} thrown
 * @returns {string}
 */
export function reasonOf(thrown) {
  if (!(thrown instanceof Error))
    return typeof thrown === 'string' ? thrown : inspect(thrown, { breakLength: Number.POSITIVE_INFINITY });
  const { cause } = thrown;
  if (!(cause instanceof Error)) return thrown.message;
  const code = /** @type {{ code?: unknown }} */ (cause).code;
  return cause.message || (code === undefined ? thrown.message : String(code));
}
