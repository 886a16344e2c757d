/**
 * What each test is given: a copy of the SDK, a line to the relay and a channel, all its own.
 *
 * @module
 */

import { Link } from './link.js';
import { loadSdk } from './sdk.js';
import { forgetSockets } from './sockets.js';

/**
 * @typedef {import('./sdk.js').Sdk} Sdk
 * @typedef {import('wix-realtime-frontend').Channel} Channel
 *
 * @typedef {object} Context
 * @property {Sdk} realtime as if the page had just been loaded: no connection, no handler, no subscription
 * @property {Link} link the line between that SDK and the relay
 * @property {() => Promise<Sdk>} another one more copy of the SDK on the same line, as another page would have it
 * @property {Channel} channel one that no other test uses
 * @property {string[]} complaints what appears on the console, and exceptions that nobody catches; a test that
 *   expects some takes them out, any other fails by them
 */

/** @returns {Channel} */
export const newChannel = () => ({ name: `test_${crypto.randomUUID()}` });

/**
 * Calls `body` with a context and clears up behind it.
 *
 * @param {(context: Context) => Promise<void>} body
 */
export async function withContext(body) {
  forgetSockets();
  const { complaints, stop } = watchComplaints();
  const link = await Link.open();
  /** @type {Sdk[]} */
  const copies = [];
  const another = async () => {
    const realtime = await loadSdk();
    realtime.configure({ url: link.url });
    copies.push(realtime);
    return realtime;
  };
  try {
    await body({ realtime: await another(), link, another, channel: newChannel(), complaints });
  } catch (cause) {
    if (complaints.length === 0) throw cause;
    throw new Error(`${cause}\nThe page has complained: ${complaints.join('\n')}`, { cause });
  } finally {
    for (const realtime of copies) realtime.close();
    await link.close();
    stop();
  }
  if (complaints.length > 0) throw new Error(`the page has complained: ${complaints.join('\n')}`);
}

/** Notes what the page reports as wrong, from now until `stop`. */
function watchComplaints() {
  /** @type {string[]} */
  const complaints = [];
  const { error, warn } = console;
  const note = (/** @type {unknown[]} */ ...words) => complaints.push(words.map(String).join(' '));
  const onUncaught = (/** @type {ErrorEvent} */ event) => note('uncaught:', event.message);
  const onUnhandled = (/** @type {PromiseRejectionEvent} */ event) => note('unhandled:', event.reason);
  Object.assign(console, { error: note, warn: note });
  addEventListener('error', onUncaught);
  addEventListener('unhandledrejection', onUnhandled);
  return {
    complaints,
    stop() {
      Object.assign(console, { error, warn });
      removeEventListener('error', onUncaught);
      removeEventListener('unhandledrejection', onUnhandled);
    },
  };
}
