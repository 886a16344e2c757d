/**
 * Loads the client when it is first needed.
 *
 * @module
 */
import { openEarly, watch } from './browser.js';
import { RealtimeError, reasonOf } from './errors.js';
import { begin, client, imports } from './glue.js';
import { forgetPackedWasm, packedWasm } from './packed-wasm.js';
import { relayAddress } from './settings.js';
import { shell } from './shell.js';

/** @typedef {import('./glue.d.ts').Client} Client */

/** Whether there is a page, or a worker of one, to receive messages. */
export const isBrowser =
  typeof WebSocket === 'function' &&
  typeof location === 'object' &&
  (typeof window === 'object' || 'WorkerGlobalScope' in globalThis);

/** @type {Promise<Client> | undefined} */
let loading;

/** @type {Client | undefined} */
let loaded;

/** The client, if it is there. */
export const loadedClient = () => loaded;

/**
 * The client. A failure to load is not final: the next call tries again.
 *
 * @returns {Promise<Client>}
 */
export function loadClient() {
  loading ??= load().catch((cause) => {
    loading = undefined;
    throw cause;
  });
  return loading;
}

/** @returns {Promise<Client>} */
async function load() {
  // Nothing is sent before the client is there; the way to the relay takes as long as compiling.
  openEarly(relayAddress());
  const { instance } = await compile().catch(explain);
  forgetPackedWasm();
  begin(instance);
  client.start(shell);
  watch(client);
  loaded = client;
  return client;
}

const compile = async () => WebAssembly.instantiateStreaming(unpackedWasm(), imports());

/**
 * There are two reasons why a browser cannot.
 *
 * @param {unknown} cause
 * @returns {never}
 */
function explain(cause) {
  const message = `cannot start the realtime client: ${reasonOf(cause)}. What helps: allow WebAssembly in the page's security policy, script-src 'wasm-unsafe-eval'; use a browser of 2023 or later.`;
  throw new RealtimeError(1, message, undefined, { recoverable: true, cause });
}

/** The wasm as a server would answer it, so that the browser compiles it while it is unpacked. */
function unpackedWasm() {
  // A response's stream stays in the page; a Blob's goes by way of the browser's own process.
  const { body } = /** @type {{ body: ReadableStream }} */ (new Response(bytesOf(packedWasm())));
  const wasm = body.pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(wasm, { headers: { 'Content-Type': 'application/wasm' } });
}

/**
 * By a loop: a function for each character takes three times as long in a page that has only begun.
 *
 * @param {string} base64
 */
function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}
