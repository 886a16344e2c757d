/**
 * Loads the client when it is first needed, and is its counterpart in the page.
 *
 * @module
 */
import { RealtimeError, reasonOf } from './errors.js';
import { tell } from './events.js';
import * as glue from './glue.js';
import { identity, keepVisitorToken, relayAddress } from './settings.js';

/** @typedef {typeof glue} Client the client's functions */

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

/** The client, if anyone has asked for it. */
export const loadingClient = async () => loading;

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
  const url = new URL('../wasm/wix_realtime_frontend_bg.wasm', import.meta.url);
  const response = await fetch(url).catch(
    explain(url, "serve the package's whole folder, and allow it in the page's connect-src"),
  );
  if (!response.ok) {
    throw loadError(
      url,
      `HTTP status ${response.status}`,
      "serve the package's whole folder, .wasm included",
    );
  }
  await glue
    .default({ module_or_path: response })
    .catch(explain(url, "allow WebAssembly in the page's security policy: script-src 'wasm-unsafe-eval'"));
  glue.start(shell);
  loaded = glue;
  return glue;
}

/**
 * What the client asks of the page.
 *
 * @type {glue.Shell}
 */
const shell = {
  address: relayAddress,
  keep: keepVisitorToken,
  identify(attempt) {
    identity().then(
      ({ token, visitorToken }) => glue.identified(attempt, token, visitorToken),
      (thrown) => glue.unidentified(attempt, `getToken has failed: ${reasonOf(thrown)}`),
    );
  },
  connected: () => tell('connected'),
  disconnected: () => tell('disconnected'),
  failed: (error) => tell('failed', error),
  error: (code, message, channel, status, recoverable) =>
    new RealtimeError(code, message, channel, { status, recoverable }),
};

/**
 * @param {URL} url
 * @param {string} advice
 * @returns {(thrown: unknown) => never}
 */
function explain(url, advice) {
  return (thrown) => {
    throw loadError(url, reasonOf(thrown), advice, thrown);
  };
}

/**
 * @param {URL} url
 * @param {string} reason
 * @param {string} advice
 * @param {unknown} [cause]
 */
function loadError(url, reason, advice, cause) {
  const message = `cannot load the realtime client from ${url}: ${reason}. What helps: ${advice}.`;
  return new RealtimeError(1, message, undefined, { recoverable: true, cause });
}
