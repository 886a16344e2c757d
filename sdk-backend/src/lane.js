/**
 * A queue of publications with at most one request under way: that is what keeps their order, over retries too.
 * What queues up behind a request leaves together in the next one.
 *
 * @module
 */

import { pauseBefore } from './backoff.js';
import { connectionError } from './errors.js';
import { tellingError } from './relay-request.js';

/** @typedef {import('./publication.js').Publication} Publication */
/** @typedef {import('./relay-client.js').Outcome} Outcome */
/** @typedef {import('./backoff.js').Backoff} Backoff */

/**
 * A publication that waits, until when (by `performance.now()`), whom to tell, and when it was first sent (by
 * `Date.now()`), if it was.
 *
 * @typedef {Publication & { deadline: number, settle: (error?: Error) => void, sentAt?: number }} Entry
 */

/**
 * Carries a batch to the relay: an outcome for each entry, in order. It gives up at the deadline at the latest and
 * never rejects.
 *
 * @typedef {(batch: readonly Entry[], deadline: number) => Promise<Outcome[]>} Send
 */

/** The relay takes no more messages than this in one request. */
const MAX_BATCH_MESSAGES = 100;

/** Just under the 1 MiB that common proxies allow a request's body, with room for the brackets around. */
const MAX_BATCH_BYTES = 1_000_000;

/**
 * The relay remembers a message's id for five minutes; sent again after that, the message could come twice. Deadlines
 * are shorter, but the clock that they are measured by stands still while the machine sleeps.
 */
const REMEMBERED_MS = 4.5 * 60_000;

export class Lane {
  #send;
  #backoff;
  /** @type {Entry[]} */
  #queue = [];
  #isRunning = false;
  #failures = 0;
  #retryAt = 0;
  /** @type {Error | undefined} */
  #lastFailure;

  /**
   * @param {Send} send
   * @param {() => Backoff} backoff asked at each failure
   */
  constructor(send, backoff) {
    this.#send = send;
    this.#backoff = backoff;
  }

  /**
   * Queues the entry. It is settled once: without an error when the relay has it, with one when the relay refuses
   * it or its deadline has come.
   *
   * @param {Entry} entry
   */
  push(entry) {
    this.#queue.push(entry);
    if (!this.#isRunning) void this.#run();
  }

  async #run() {
    this.#isRunning = true;
    while (this.#queue.length > 0) {
      await this.#pause();
      this.#rejectLate();
      if (this.#retryAt <= performance.now()) await this.#sendBatch();
    }
    this.#forgetFailures();
    this.#isRunning = false;
  }

  #forgetFailures() {
    this.#failures = 0;
    this.#retryAt = 0;
    this.#lastFailure = undefined;
  }

  /** Waits until the next attempt is due, or the first entry's time is up. */
  async #pause() {
    const until = Math.min(this.#retryAt, this.#queue[0]?.deadline ?? 0);
    const waitMs = until - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.ceil(waitMs)));
  }

  /** Entries stand in the order of their deadlines, those that were sent before those that were not: the front is late. */
  #rejectLate() {
    const [now, date] = [performance.now(), Date.now()];
    const inTime = this.#queue.findIndex(
      (entry) => entry.deadline > now && ageMs(entry, date) < REMEMBERED_MS,
    );
    const late = this.#queue.splice(0, inTime === -1 ? this.#queue.length : inTime);
    const reason = this.#lastFailure?.message ?? 'earlier messages are still on their way';
    for (const entry of late) {
      const age = entry.deadline > now ? `${sleptTooLong(ageMs(entry, date))}: ` : '';
      const message = `gave up publishing: ${age}${reason}`;
      entry.settle(connectionError(message, { channel: entry.channel, cause: this.#lastFailure }));
    }
  }

  async #sendBatch() {
    const batch = this.#takeBatch();
    const [first] = batch;
    if (!first) return;
    const date = Date.now();
    for (const entry of batch) entry.sentAt ??= date;
    const outcomes = await this.#send(batch, first.deadline);
    const { again, retryAfterMs } = this.#settleBatch(batch, outcomes);
    this.#queue.unshift(...again);
    if (again.length === 0) this.#forgetFailures();
    else this.#scheduleRetry(again.length === batch.length, retryAfterMs);
  }

  #takeBatch() {
    let bytes = 0;
    let count = 0;
    for (const entry of this.#queue) {
      bytes += entry.bytes + 1;
      if (count > 0 && (count === MAX_BATCH_MESSAGES || bytes > MAX_BATCH_BYTES)) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  /**
   * Settles what is decided and returns what is to be sent again. A message that failed while a later one of its
   * channel went through is not sent again: it would arrive out of order.
   *
   * @param {readonly Entry[]} batch
   * @param {readonly Outcome[]} outcomes
   */
  #settleBatch(batch, outcomes) {
    const lastAccepted = new Map();
    for (const [index, entry] of batch.entries()) {
      if (outcomes[index]?.kind === 'accepted') lastAccepted.set(entry.key, index);
    }
    /** @type {Entry[]} */
    const again = [];
    let retryAfterMs = 0;
    for (const [index, entry] of batch.entries()) {
      const outcome = outcomes[index];
      if (!outcome || outcome.kind === 'accepted') entry.settle();
      else if (outcome.kind === 'refused') entry.settle(outcome.error);
      else if (lastAccepted.get(entry.key) > index) entry.settle(overtaken(entry, outcome.error));
      else {
        again.push(entry);
        this.#lastFailure = tellingError(this.#lastFailure, outcome);
        retryAfterMs = Math.max(retryAfterMs, outcome.retryAfterMs);
      }
    }
    return { again, retryAfterMs };
  }

  /**
   * The pause grows with each attempt that brought nothing.
   *
   * @param {boolean} failedWhole
   * @param {number} retryAfterMs
   */
  #scheduleRetry(failedWhole, retryAfterMs) {
    const pauseMs = pauseBefore(this.#failures, retryAfterMs, this.#backoff());
    this.#failures = failedWhole ? this.#failures + 1 : 1;
    this.#retryAt = performance.now() + pauseMs;
  }
}

/**
 * How long ago an entry was first sent. In milliseconds of the calendar, which goes on while the machine sleeps.
 *
 * @param {Entry} entry
 * @param {number} date
 */
function ageMs({ sentAt }, date) {
  return sentAt === undefined ? 0 : date - sentAt;
}

/** @param {number} passedMs */
function sleptTooLong(passedMs) {
  const minutes = Math.floor(passedMs / 60_000);
  return `${minutes} minutes have passed since the first attempt, in which this machine slept or its clock was set, and the relay may have forgotten that it has the message`;
}

/**
 * @param {Entry} entry
 * @param {Error} reason
 */
function overtaken({ channel }, reason) {
  const message = `not sent again, since a later message of the channel went through: ${reason.message}`;
  return connectionError(message, { channel, cause: reason });
}
