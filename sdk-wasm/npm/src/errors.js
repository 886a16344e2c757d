/**
 * The one kind of error that pages see.
 *
 * @module
 */

/** An `Error` with the API's code: 1 connection, 2 subscription, 3 bad input. */
export class RealtimeError extends Error {
  /**
   * @param {number} errorCode
   * @param {string} message
   * @param {unknown} [channel] the channel that it is about
   * @param {{ status?: number | undefined, recoverable?: boolean, cause?: unknown }} [details]
   */
  constructor(errorCode, message, channel, { status, recoverable = false, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'RealtimeError';
    this.errorCode = errorCode;
    this.recoverable = recoverable;
    if (channel !== undefined) this.channel = channel;
    if (status !== undefined) this.status = status;
  }
}

/**
 * The text of something thrown, whatever it is.
 *
 * @param {unknown} thrown
 * @returns {string}
 */
export const reasonOf = (thrown) => (thrown instanceof Error ? thrown.message : String(thrown));
