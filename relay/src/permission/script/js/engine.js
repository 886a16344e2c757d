/**
 * The relay's own part inside an engine: asking the hook, putting exceptions and log lines into words, and the
 * `console`. It is evaluated before any file of the site.
 *
 * @module
 */

import { forget } from 'relay:router';

export { whereDecided, whoDecided } from 'relay:router';

/** Characters of one text that are handed to the relay; it cuts and escapes once more. */
const MAX_TEXT = 1024;

/** What the language itself brings, as it was before the site's files ran. */
const intrinsics = collectIntrinsics();

/** Calls the hook with objects of its own. */
export function ask(hook, name, resourceId, id, type) {
  forget();
  return hook(resourceId === undefined ? { name } : { name, resourceId }, { id, type });
}

/** A promise of what `await value` would give: for objects that have a `then` and are no promises. */
export async function settle(value) {
  return value;
}

/** An exception in words, and its stack trace when it has one. */
export function describe(thrown) {
  if (!(thrown instanceof Error)) return [`threw ${inspect(thrown)}, which is not an Error`, ''];
  return [clip(inspect(thrown)), typeof thrown.stack === 'string' ? thrown.stack : ''];
}

/**
 * After this, what the language itself brings takes no new properties: a handler that writes to `Object.prototype`
 * throws instead of changing what `{}` means to the next call.
 */
export function seal() {
  for (const intrinsic of intrinsics) Object.preventExtensions(intrinsic);
}

/** Makes the global `console`, whose lines go to `write(level, text, stack)`. */
export function installConsole(write) {
  const at =
    (level) =>
    (...values) =>
      write(level, clip(values.map(inspect).join(' ')), String(new Error().stack));
  const log = at('log');
  const error = at('error');
  const ignore = () => {};
  globalThis.console = {
    log,
    info: log,
    dir: log,
    table: log,
    group: log,
    groupCollapsed: log,
    warn: at('warn'),
    error,
    debug: at('debug'),
    trace: at('debug'),
    assert: (condition, ...values) => {
      if (!condition) error('Assertion failed:', ...values);
    },
    clear: ignore,
    count: ignore,
    countReset: ignore,
    groupEnd: ignore,
    time: ignore,
    timeEnd: ignore,
    timeLog: ignore,
  };
}

function inspect(value) {
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
      return `${value}n`;
    case 'function':
      return `[function ${value.name || 'without a name'}]`;
    case 'object':
      return value instanceof Error ? `${value.name}: ${value.message}` : inspectObject(value);
    default:
      return String(value);
  }
}

function inspectObject(value) {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function clip(text) {
  return text.slice(0, MAX_TEXT).toWellFormed();
}

function collectIntrinsics() {
  const functions = [
    async () => {},
    function* () {},
    async function* () {},
    Uint8Array,
    [][Symbol.iterator](),
  ]
    .map((value) => Object.getPrototypeOf(value))
    .flatMap((prototype) => [prototype, Object.getPrototypeOf(prototype), prototype.constructor]);
  const globals = Object.getOwnPropertyNames(globalThis)
    .map((name) => globalThis[name])
    .filter((value) => value !== globalThis && isObject(value));
  return [...functions, ...globals].flatMap((value) => [value, value.prototype]).filter(isObject);
}

function isObject(value) {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}
