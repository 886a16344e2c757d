/**
 * What each test is given: a copy of the SDK, a line to the relay and a channel, all its own.
 *
 * @module
 */

import { Link } from './link.js';
import { loadSdk } from './sdk.js';
import { takeSockets } from './sockets.js';

/**
 * @typedef {import('./sdk.js').Sdk} Sdk
 * @typedef {{ name: string, resourceId?: string }} Channel
 *
 * @typedef {object} Context
 * @property {Sdk} realtime as if the page had just been loaded: no connection, no handler, no subscription
 * @property {Link} link the line between that SDK and the relay
 * @property {Channel} channel one that no other test uses
 * @property {string[]} complaints what appears on the console, and exceptions that nobody catches; a test that
 *   expects some takes them out, any other fails by them
 */

/** @returns {Channel} */
export const newChannel = () => ({ name: `test_${crypto.randomUUID()}` });

/**
 * @param {(context: Context) => Promise<void>} body
 */
export async function withContext(body) {
  takeSockets();
  const { complaints, stop } = watchComplaints();
  const link = await Link.open();
  const realtime = await loadSdk();
  realtime.configure({ url: link.url });
  try {
    await body({ realtime, link, channel: newChannel(), complaints });
  } catch (cause) {
    if (complaints.length === 0) throw cause;
    throw new Error(`${cause}\nThe page has complained: ${complaints.join('\n')}`, { cause });
  } finally {
    realtime.close();
    await link.close();
    stop();
  }
  if (complaints.length > 0) throw new Error(`the page has complained: ${complaints.join('\n')}`);
}

/** What a browser says by itself of a connection that is lost, as tests of that make it. */
const LOST_CONNECTION = /WebSocket connection to|can.t establish a connection|connection .* was interrupted/;

function watchComplaints() {
  /** @type {string[]} */
  const complaints = [];
  const { error, warn } = console;
  /** @param {unknown[]} words */
  const note = (...words) => {
    const text = words.map(String).join(' ');
    if (!LOST_CONNECTION.test(text)) complaints.push(text);
  };
  console.error = note;
  console.warn = note;
  /** @param {ErrorEvent} event */
  const onUncaught = (event) => note('uncaught:', event.message);
  /** @param {PromiseRejectionEvent} event */
  const onUnhandled = (event) => note('unhandled rejection:', event.reason);
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
