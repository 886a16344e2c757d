/**
 * Part 1: one channel, everyone's messages, and a command that publishes to it from a terminal.
 *
 * @module
 */

import { HELLO } from 'public/channels.js';
import { startComposer } from './composer.js';
import { byId } from './dom.js';
import { ownId } from './identity.js';
import { listen } from './live.js';
import { MessageLog } from './log.js';

/** How long the copy button says that it has copied. */
const COPIED_MS = 2000;

/** Starts part 1. */
export function startHello() {
  const log = new MessageLog(byId('hello-log', HTMLElement));
  startComposer(byId('hello-form', HTMLFormElement), [HELLO]);
  listen({
    channel: HELLO,
    onMessage: (message) => log.add(message, ownId()),
    onState: (state) => log.showState(state),
  });
  startCommand();
}

function startCommand() {
  const button = byId('copy', HTMLButtonElement);
  const command = publishCommand();
  byId('command', HTMLElement).textContent = command;
  button.addEventListener('click', async () => {
    button.textContent = await copy(command);
    setTimeout(() => {
      button.textContent = 'Copy';
    }, COPIED_MS);
  });
}

/**
 * A shell command that publishes JSON to part 1's channel. The relay's key is not the page's to know: the shell puts
 * it in, and without one the key is that of a relay on this machine which was given none.
 */
function publishCommand() {
  return [
    `curl ${relayUrl()}/v1/publish`,
    `-H "Authorization: Bearer \${RELAY_API_KEY:-dev}"`,
    `-H 'Content-Type: application/json'`,
    `-d '{ "channel": { "name": "${HELLO.name}" },\n        "payload": { "answer": 42 } }'`,
  ].join(' \\\n  ');
}

/** The relay's address as the page's host tells it, without a slash at its end. */
function relayUrl() {
  const meta = document.querySelector('meta[name="realtime-relay"]');
  return (meta?.getAttribute('content') || location.origin).replace(/\/+$/, '');
}

/**
 * Puts a text on the clipboard and says how that went. Some browsers refuse without a secure connection.
 *
 * @param {string} text
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return 'Copied';
  } catch {
    return 'Select the text to copy it';
  }
}
