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

/** A message that is under way for longer is worth a word: the backend keeps trying while the relay is away. */
const SLOW_MS = 1000;

/**
 * Makes a form publish its text to all of `channels`. What is sent quickly one after the other arrives in that order.
 * A text that could not be published goes back into the empty field, with the reason below it.
 *
 * @param {HTMLFormElement} form
 * @param {readonly Channel[]} channels
 */
export function startComposer(form, channels) {
  const input = find(form, 'input[name="text"]', HTMLInputElement);
  const outcome = find(form, '.outcome', HTMLElement);
  input.maxLength = MAX_TEXT_LENGTH;
  let sending = Promise.resolve();

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    input.value = '';
    if (text === '') return;
    sending = sending.then(async () => {
      const isSent = await send(channels, text, outcome);
      if (!isSent) input.value ||= text;
    });
  });
}

/**
 * Publishes a text and tells how that goes. Resolves to whether all channels have it.
 *
 * @param {readonly Channel[]} channels
 * @param {string} text
 * @param {HTMLElement} outcome
 */
async function send(channels, text, outcome) {
  const slow = setTimeout(tell, SLOW_MS, outcome, `Still sending “${text}”…`);
  try {
    const message = { author: author(), text };
    await Promise.all(channels.map((channel) => publishMessage(channel, message)));
    tell(outcome, '');
    return true;
  } catch (error) {
    tell(outcome, `Not sent: ${/** @type {Error} */ (error).message}`, true);
    return false;
  } finally {
    clearTimeout(slow);
  }
}

/**
 * @param {HTMLElement} outcome
 * @param {string} text
 * @param {boolean} [isFailure]
 */
function tell(outcome, text, isFailure = false) {
  outcome.textContent = text;
  outcome.toggleAttribute('data-failed', isFailure);
}
