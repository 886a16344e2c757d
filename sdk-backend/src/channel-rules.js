/**
 * The rules for a channel's name and resource id, in the words that the relay uses too; the shared examples are in
 * `protocol/fixtures/channels.json`. Both packages take this one file in, so it imports nothing.
 *
 * @module
 */

/** @typedef {{ name: string, resourceId: string | undefined }} CheckedChannel `undefined`: the channel itself */

/** The longest name, in characters: the API's limit. */
const MAX_NAME_CHARS = 140;

/** The longest resource id, in characters (Unicode scalar values). */
const MAX_RESOURCE_ID_CHARS = 1000;

const ALLOWED = 'A-Z, a-z, 0-9, "_" and "-"';
const ILLEGAL_IN_NAME = /[^A-Za-z0-9_-]/u;
const ILLEGAL_IN_RESOURCE_ID = /[\p{Cc}\p{Cs}]/u;

/**
 * A channel that obeys the rules, without any other keys of the given object, or which rule is broken. An empty or
 * missing resource id means the channel itself.
 *
 * @param {unknown} value what the caller gave as channel
 * @returns {{ channel: CheckedChannel, problem?: never } | { channel?: never, problem: string }}
 */
export function checkChannel(value) {
  if (typeof value === 'string') {
    const meant = JSON.stringify(value);
    return { problem: `a channel is an object, not a string: did you mean { name: ${meant} }?` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problem: `a channel is an object such as { name: "chat" }, not ${kindOf(value)}` };
  }
  const { name, resourceId } = /** @type {{ name?: unknown, resourceId?: unknown }} */ (value);
  const problem = problemOfName(name) ?? problemOfResourceId(resourceId ?? '');
  if (problem !== undefined) return { problem };
  return { channel: /** @type {CheckedChannel} */ ({ name, resourceId: resourceId || undefined }) };
}

/**
 * What a value is, for a sentence such as "a channel is an object, not a number".
 *
 * @param {unknown} value
 */
export function kindOf(value) {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** @param {unknown} name */
function problemOfName(name) {
  if (typeof name !== 'string') return `channel name is a string, not ${kindOf(name)}`;
  if (name === '') return `channel name is empty: use 1 to ${MAX_NAME_CHARS} characters of ${ALLOWED}`;
  if (name.startsWith('@')) {
    return `channel name starts with "@", which is reserved: start it with one of ${ALLOWED}`;
  }
  const illegal = findIllegal(name, ILLEGAL_IN_NAME);
  if (illegal) {
    const hint = ':./'.includes(illegal.character) ? '; for parts of a channel use resourceId' : '';
    return `channel name has ${illegal.description}: use only ${ALLOWED}${hint}`;
  }
  return problemOfLength('channel name', name, MAX_NAME_CHARS);
}

/** @param {unknown} resourceId */
function problemOfResourceId(resourceId) {
  if (typeof resourceId !== 'string') {
    const meant = typeof resourceId === 'number' ? `: did you mean "${resourceId}"?` : '';
    return `resourceId is a string, not ${kindOf(resourceId)}${meant}`;
  }
  const tooLong = problemOfLength('resourceId', resourceId, MAX_RESOURCE_ID_CHARS);
  if (tooLong !== undefined) return tooLong;
  const illegal = findIllegal(resourceId, ILLEGAL_IN_RESOURCE_ID);
  if (!illegal) return undefined;
  const why = illegal.isHalfPair
    ? 'half a surrogate pair is no character'
    : 'control characters are not allowed';
  return `resourceId has ${illegal.description}: ${why}`;
}

/**
 * @param {string} what
 * @param {string} text
 * @param {number} max
 */
function problemOfLength(what, text, max) {
  if (text.length <= max) return undefined;
  let chars = 0;
  for (const _ of text) chars += 1;
  return chars > max ? `${what} has ${chars} characters: at most ${max} are allowed` : undefined;
}

/**
 * The first character that matches, and where it stands, counted in characters from 1.
 *
 * @param {string} text
 * @param {RegExp} illegal
 */
function findIllegal(text, illegal) {
  const match = illegal.exec(text);
  if (!match) return undefined;
  const character = match[0];
  const position = [...text.slice(0, match.index)].length + 1;
  const isHalfPair = /\p{Cs}/u.test(character);
  return { character, isHalfPair, description: `${spell(character)} at position ${position}` };
}

/**
 * A character in quotes. One that is no ASCII has its number, too, since it may look like another; one that cannot be
 * seen has its number only.
 *
 * @param {string} character
 */
function spell(character) {
  if (/[ -~]/.test(character)) return `"${character}"`;
  const code = /** @type {number} */ (character.codePointAt(0));
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return /[\p{Cc}\p{Cs}]/u.test(character) ? number : `"${character}" (${number})`;
}
