/**
 * Where the relay is, and who the page's user is.
 *
 * @module
 */
import { badInput, kindOf } from './arguments.js';
import { RealtimeError } from './errors.js';

/** How long `getToken` may take. */
const TOKEN_PATIENCE_MS = 30_000;

/** How an address begins that says what it is: with a scheme, or as a path on the page's own origin. */
const WRITTEN_OUT = /^(\w+:)?\/|^\./;

/** The machine that the page is on: from there every page may connect without encryption. */
const THIS_MACHINE = /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1]$/;

/** @type {import('../index.d.ts').Settings} */
const settings = {};

/** The latest call of `getToken`. */
/** @type {{ token: Promise<unknown>, isOver: boolean } | undefined} */
let latestCall;

/** The tokens that relays gave this visitor, for pages that may not keep anything. */
/** @type {Map<string, string>} */
const visitorTokens = new Map();

/**
 * Takes in new settings; those not given stay. An empty `url` is none. `token` and `getToken` replace each other.
 *
 * @param {import('../index.d.ts').Settings} changes
 */
export function change(changes) {
  if (changes && typeof changes !== 'object') {
    throw badInput(`configure wants an object, not ${kindOf(changes)}: configure({ url: 'https://…' })`);
  }
  const { url, token, getToken, ...unknown } = changes ?? {};
  const [misspelt] = Object.keys(unknown);
  if (misspelt !== undefined) {
    throw badInput(`configure knows url, token and getToken, not ${JSON.stringify(misspelt)}`);
  }
  if (url) toAddress(url);
  if (token !== undefined && token !== null && typeof token !== 'string') {
    throw badInput(`token is a string, not ${kindOf(token)}`);
  }
  if (getToken !== undefined && getToken !== null && typeof getToken !== 'function') {
    throw badInput(`getToken is a function that returns a token, not ${kindOf(getToken)}`);
  }
  if (url !== undefined) settings.url = url;
  if (token !== undefined) Object.assign(settings, { token, getToken: null });
  if (getToken !== undefined) Object.assign(settings, { getToken, token: token ?? null });
  if (getToken !== undefined) latestCall = undefined;
}

/** The next connection is a first one: `getToken` is asked again, since the user may be another by then. */
export function forgetToken() {
  latestCall = undefined;
}

/**
 * The WebSocket address of the relay: as configured, else as the page's
 * `<meta name="realtime-relay" content="…">` says, else on the page's own origin.
 *
 * @returns {string}
 */
export function relayAddress() {
  return toAddress(settings.url || metaAddress() || location.origin);
}

/**
 * Who the user is.
 *
 * @param {boolean} renew whether the token that was given last is of no more use
 * @returns {Promise<{ token?: string, visitorToken?: string | undefined, isRenewable: boolean }>}
 */
export async function identity(renew) {
  const { getToken } = settings;
  const token = getToken ? await tokenOf(getToken, renew) : settings.token;
  const isRenewable = Boolean(getToken);
  if (token === undefined || token === null || token === '') {
    return { visitorToken: visitorToken(), isRenewable };
  }
  if (typeof token !== 'string') throw new TypeError(`it gave ${kindOf(token)}, not a string`);
  return { token, isRenewable };
}

/**
 * What `getToken` gave last or, to renew that, gives now. It is never called while a call is under way.
 *
 * @param {() => unknown} getToken
 * @param {boolean} renew
 * @returns {Promise<unknown>}
 */
function tokenOf(getToken, renew) {
  if (latestCall && !(renew && latestCall.isOver)) return latestCall.token;
  const call = { token: inTime(Promise.resolve().then(() => getToken())), isOver: false };
  const end = () => {
    call.isOver = true;
  };
  call.token.then(end, end);
  latestCall = call;
  return call.token;
}

/**
 * @param {Promise<unknown>} answer
 * @returns {Promise<unknown>} rejects when the answer takes too long
 */
function inTime(answer) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`no answer in ${TOKEN_PATIENCE_MS / 1000} s`));
    const timer = setTimeout(late, TOKEN_PATIENCE_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Keeps a visitor's token, so that the visitor stays the same when the page is loaded again.
 *
 * @param {string} token
 */
export function keepVisitorToken(token) {
  visitorTokens.set(storageKey(), token);
  try {
    localStorage.setItem(storageKey(), token);
  } catch {
    // Workers have no storage, and some pages may not use theirs: the visitor stays the same while the page lives.
  }
}

/** @returns {string | undefined} */
function visitorToken() {
  try {
    return localStorage.getItem(storageKey()) ?? undefined;
  } catch {
    return visitorTokens.get(storageKey());
  }
}

/** One relay's tokens mean nothing to another. */
const storageKey = () => `realtime-relay:visitor:${relayAddress()}`;

/** @returns {string | undefined} */
function metaAddress() {
  // Workers have no document.
  const meta = globalThis.document?.querySelector('meta[name="realtime-relay"]');
  return meta?.getAttribute('content') || undefined;
}

/**
 * @param {unknown} url of a relay: http(s) or ws(s), with or without a path before the relay's own
 * @returns {string}
 */
function toAddress(url) {
  let address;
  try {
    address = new URL(String(url), globalThis.location?.href);
  } catch {
    throw badInput(
      `url is the relay's address, such as "https://relay.example.com", not ${JSON.stringify(url)}`,
    );
  }
  address.protocol = address.protocol.replace('http', 'ws');
  // Such a page waits for a connection that no browser lets it make.
  const isMixed =
    globalThis.location?.protocol === 'https:' &&
    address.protocol === 'ws:' &&
    !THIS_MACHINE.test(address.hostname);
  // Without a scheme "relay.example.com" would be a page's neighbour, and nobody would be there.
  if (isMixed || !WRITTEN_OUT.test(String(url)) || !/^wss?:$/.test(address.protocol)) {
    throw new RealtimeError(
      1,
      `no relay at ${JSON.stringify(url)}${isMixed ? ' for a page of https, which needs https' : ''}: say where it is, by configure({ url: "https://…" }) or <meta name="realtime-relay" content="https://…">`,
    );
  }
  address.pathname = address.pathname.replace(/\/*(v1\/realtime\/*)?$/, '/v1/realtime');
  address.hash = '';
  return address.href;
}
