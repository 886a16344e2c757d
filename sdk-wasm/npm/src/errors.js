/**
 * The errors that pages see.
 *
 * @module
 */

/**
 * An `Error` with a code of the API: a number from `subscribe` and its like (1 connection, 2 subscription, 3 bad
 * input), a word from `subscriber`.
 *
 * @template {number | string} Code
 */
class CodedError extends Error {
  /**
   * @param {Code} errorCode
   * @param {string} message
   * @param {any} [channel] the channel that it is about
   * @param {{ status?: number | undefined, recoverable?: boolean, isSynced?: false, cause?: unknown }} [details]
   */
  constructor(errorCode, message, channel, { status, recoverable = false, isSynced, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'RealtimeError';
    this.errorCode = errorCode;
    this.recoverable = recoverable;
    if (channel !== undefined) this.channel = channel;
    if (status !== undefined) this.status = status;
    if (isSynced !== undefined) this.isSynced = isSynced;
  }
}

/**
 * What the functions beside `subscriber` throw, reject with and tell.
 *
 * @extends {CodedError<number>}
 */
export class RealtimeError extends CodedError {}

/**
 * What `subscriber` throws and tells.
 *
 * @extends {CodedError<import('../subscriber.d.ts').ErrorCode>}
 */
export class SubscriberError extends CodedError {}

/**
 * The text of something thrown, whatever it is.
 *
 * @param {unknown} thrown
 * @returns {string}
 */
export const reasonOf = (thrown) => (thrown instanceof Error ? thrown.message : String(thrown));
