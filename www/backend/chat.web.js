/**
 * What pages may ask for: publishing a text to one of the demo's channels.
 *
 * @module
 */

import { CHANNELS, isSameChannel, MAX_AUTHOR_LENGTH, MAX_TEXT_LENGTH } from 'public/channels.js';
import { publish } from 'wix-realtime-backend';
import { Permissions, webMethod } from 'wix-web-module';

/** @typedef {import('public/channels.js').Channel} Channel */

/**
 * Publishes `{ author, text }`. Resolves once the relay has accepted the message. Recipients see `publisher.id`,
 * which is the id of the caller's session; the author's name is only what the caller says.
 *
 * The relay's key is the backend's, so this is the place to decide what a browser may publish: any of the demo's
 * channels, and nothing but a short text.
 */
export const publishMessage = webMethod(
  Permissions.Anyone,
  /**
   * @param {Channel} channel
   * @param {{ author: string, text: string }} message
   */
  async (channel, message) => {
    const known = CHANNELS.find((candidate) => isSameChannel(candidate, channel));
    if (!known) throw new Error('this channel is not one of the demo’s');
    const author = parseText('author', message.author, MAX_AUTHOR_LENGTH);
    const text = parseText('text', message.text, MAX_TEXT_LENGTH);
    await publish(known, { author, text }, { includePublisher: true });
  },
);

/**
 * A text from a browser, without blanks around it.
 *
 * @param {string} field
 * @param {unknown} value
 * @param {number} maxLength
 */
function parseText(field, value, maxLength) {
  if (typeof value !== 'string') throw new Error(`${field} is a text`);
  const text = value.trim();
  if (text === '') throw new Error(`${field} is empty`);
  if (text.length > maxLength) throw new Error(`${field} is longer than ${maxLength} characters`);
  return text;
}
