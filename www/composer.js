/**
 * A form with one text field that publishes through the backend.
 *
 * @module
 */

import { publishMessage } from 'backend/chat.web';
import { MAX_TEXT_LENGTH } from 'public/channels.js';
import { author } from './author.js';
import { find } from './dom.js';

/** @typedef {import('public/channels.js').Channel} Channel */

/**
 * Makes a form publish its text to all of `channels`. What is sent quickly one after the other arrives in that order.
 * A text that could not be published goes back into the empty field, with the reason below it.
 *
 * @param {HTMLFormElement} form
 * @param {readonly Channel[]} channels
 */
export function startComposer(form, channels) {
  const input = find(form, 'input[name="text"]', HTMLInputElement);
  const problem = find(form, '.problem', HTMLElement);
  input.maxLength = MAX_TEXT_LENGTH;
  let sending = Promise.resolve();

  /** @param {string} text */
  async function send(text) {
    try {
      const message = { author: author(), text };
      await Promise.all(channels.map((channel) => publishMessage(channel, message)));
      problem.textContent = '';
    } catch (error) {
      problem.textContent = `Not sent: ${/** @type {Error} */ (error).message}`;
      input.value ||= text;
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    input.value = '';
    if (text !== '') sending = sending.then(() => send(text));
  });
}
