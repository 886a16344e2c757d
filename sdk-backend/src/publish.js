/**
 * `publish`: the backend's way to send a message to a channel's subscribers.
 *
 * @module
 */

import { kindOf } from './channel.js';
import { badInput, RealtimeError } from './errors.js';
import { Pipeline } from './pipeline.js';
import { createPublication } from './publication.js';
import { currentSettings } from './settings.js';

/** @typedef {import('../index.d.ts').Channel} Channel */
/** @typedef {import('../index.d.ts').PublishOptions} PublishOptions */

/** One for the process: two would race each other to a channel. */
const pipeline = new Pipeline();

/**
 * Publishes `payload`, any JSON value, to a channel or one of its resources. Sending starts at once, awaited or not,
 * and calls for one channel are delivered in their order.
 *
 * Resolves when the relay has the message. Rejects with an Error that carries `errorCode` and `channel`: 3 for bad
 * input; 1 when the relay could not be reached or would not take the message until the deadline, after which it may
 * still have arrived.
 *
 * @param {Channel} channel
 * @param {unknown} payload serialised before this returns, so it may be changed afterwards
 * @param {PublishOptions | null} [options]
 * @returns {Promise<void>}
 */
export async function publish(channel, payload, options) {
  const publication = createPublication(channel, payload, options);
  await pipeline.submit(publication, settingsFor(channel));
}

/**
 * As {@link publish}, for payloads that are objects, and without options.
 *
 * @param {Channel} channel
 * @param {object} payload
 * @returns {Promise<void>}
 */
async function publishObject(channel, payload) {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    const message = `publisher.publish sends objects, not ${kindOf(payload)}; publish sends any JSON value`;
    throw badInput(message, { channel });
  }
  await publish(channel, payload);
}

/** The newer surface of the API. */
export const publisher = Object.freeze({ publish: publishObject });

/**
 * Resolves when no message is on its way any more, or after `timeoutMs`.
 *
 * @param {number} timeoutMs
 */
export async function settlePublishes(timeoutMs) {
  const timeout = new Promise((resolve) => setTimeout(resolve, timeoutMs).unref());
  await Promise.race([pipeline.settled(), timeout]);
}

/** @param {Channel} channel */
function settingsFor(channel) {
  try {
    return currentSettings();
  } catch (error) {
    if (error instanceof RealtimeError) error.channel = channel;
    throw error;
  }
}
