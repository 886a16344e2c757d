/**
 * Where the relay is and how to talk to it: what `configure` was given, else the environment, else the defaults of
 * a relay on this machine.
 *
 * @module
 */

import { kindOf } from './channel.js';
import { badInput, connectionError } from './errors.js';

/**
 * @typedef {object} RetrySettings
 * @property {number} deadlineMs how long a publish may take, retries included
 * @property {number} minDelayMs upper bound of the first pause; it doubles with each further failure
 * @property {number} maxDelayMs upper bound of every pause
 */

/**
 * @typedef {object} Settings
 * @property {string} url the relay's address, without a slash at the end
 * @property {string} apiKey
 * @property {RetrySettings} retry
 * @property {typeof globalThis.fetch} fetch
 */

/**
 * What `configure` was given so far, checked.
 *
 * @typedef {{ url?: string, apiKey?: string, retry?: Partial<RetrySettings>, fetch?: typeof globalThis.fetch }} Options
 */

/** @typedef {import('../index.d.ts').Settings} GivenSettings */

const DEFAULT_URL = 'http://127.0.0.1:8787';

/** A relay on loopback without a key of its own accepts this one. */
const LOOPBACK_API_KEY = 'dev';

/** @type {RetrySettings} */
const DEFAULT_RETRY = { deadlineMs: 30_000, minDelayMs: 50, maxDelayMs: 2_000 };

/** The relay remembers a message's id for five minutes; a retry after that could deliver it twice. */
const MAX_DEADLINE_MS = 4 * 60_000;

/** @type {Options} */
let configured = {};

/**
 * Sets what is given and leaves the rest as it was. Throws a bad-input error that names the wrong setting.
 *
 * @param {GivenSettings} options
 */
export function configure(options) {
  if (typeof options !== 'object' || options === null) {
    throw badInput(`configure takes an object such as { url, apiKey }, not ${kindOf(options)}`);
  }
  configured = mergeOptions(configured, options);
}

/**
 * The settings now in force. The environment is read here, at each call, so that a program may load it late.
 * Throws a connection error when they cannot reach any relay.
 *
 * @returns {Settings}
 */
export function currentSettings() {
  return resolveSettings(configured, process.env);
}

/** The address of the relay now in force, whether there is a key for it or not. */
export function currentUrl() {
  return resolveUrl(configured, process.env);
}

/**
 * @param {Options} options
 * @param {Record<string, string | undefined>} env
 * @returns {Settings}
 */
export function resolveSettings(options, env) {
  const url = resolveUrl(options, env);
  const apiKey =
    options.apiKey ??
    firstKey(env.RELAY_API_KEY) ??
    (isLoopback(new URL(url).hostname) ? LOOPBACK_API_KEY : undefined);
  if (apiKey === undefined) {
    throw connectionError(
      `no key for the relay at ${url}: set RELAY_API_KEY, or call configure({ apiKey }) before the first publish`,
    );
  }
  return {
    url,
    apiKey,
    retry: { ...DEFAULT_RETRY, ...options.retry },
    fetch: options.fetch ?? globalThis.fetch,
  };
}

/**
 * @param {Options} options
 * @param {Record<string, string | undefined>} env
 */
function resolveUrl({ url }, env) {
  return url ?? readUrl(env.RELAY_URL || DEFAULT_URL, 'RELAY_URL', connectionError);
}

/**
 * @param {Options} before
 * @param {GivenSettings} given
 * @returns {Options}
 */
export function mergeOptions(before, given) {
  const { url, apiKey, retry, fetch } = given;
  const merged = { ...before };
  if (url !== undefined) merged.url = readUrl(url, 'url', badInput);
  if (apiKey !== undefined) merged.apiKey = readApiKey(apiKey);
  if (retry !== undefined) merged.retry = { ...before.retry, ...readRetry(retry) };
  if (fetch !== undefined) merged.fetch = readFetch(fetch);
  return merged;
}

/**
 * An http address as text without a slash at the end; a path in it is kept.
 *
 * @param {unknown} value
 * @param {string} setting its name, for the error
 * @param {(message: string) => Error} fail
 */
export function readUrl(value, setting, fail) {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw fail(
      `${setting} must be an address such as ${DEFAULT_URL}, not ${JSON.stringify(value) ?? kindOf(value)}`,
    );
  }
  if (url.username || url.password) throw fail(`${setting} must not contain a user name or a password`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/**
 * The relay takes several keys, separated by commas, from the same variable; any of them will do.
 *
 * @param {string | undefined} keys
 */
function firstKey(keys) {
  return keys
    ?.split(',')
    .map((key) => key.trim())
    .find((key) => key !== '');
}

/** @param {unknown} apiKey */
function readApiKey(apiKey) {
  if (typeof apiKey === 'string' && /^[!-~]+$/.test(apiKey)) return apiKey;
  throw badInput('apiKey must be a string of printable ASCII characters without spaces');
}

/** @param {unknown} retry */
function readRetry(retry) {
  if (typeof retry !== 'object' || retry === null) {
    throw badInput(`retry must be an object such as { deadlineMs: 30000 }, not ${kindOf(retry)}`);
  }
  const given = /** @type {Record<string, unknown>} */ (retry);
  /** @type {Partial<RetrySettings>} */
  const read = {};
  for (const key of /** @type {(keyof RetrySettings)[]} */ (Object.keys(DEFAULT_RETRY))) {
    const value = given[key];
    if (value === undefined) continue;
    if (typeof value !== 'number' || !(value >= 0 && value <= MAX_DEADLINE_MS)) {
      throw badInput(`retry.${key} must be a number of milliseconds from 0 to ${MAX_DEADLINE_MS}`);
    }
    read[key] = value;
  }
  return read;
}

/** @param {unknown} fetch */
function readFetch(fetch) {
  if (typeof fetch === 'function') return /** @type {typeof globalThis.fetch} */ (fetch);
  throw badInput(`fetch must be a function, not ${kindOf(fetch)}`);
}

/**
 * Whether a host name or address means this machine.
 *
 * @param {string} host
 */
export function isLoopback(host) {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host);
}
