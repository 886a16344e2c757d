/**
 * Says what in a channel is not read, though it looks as if it were meant: `resourceID` would be the parent channel
 * without a word. Other keys are nobody's business, and may be there.
 *
 * @module
 */

/** The keys that are read, and what is taken for a misspelling of each. @type {readonly [string, RegExp][]} */
const MEANT = [
  ['name', /^name$/i],
  ['resourceId', /^resource[_-]?id$/i],
];

/** Each spelling is told once, and no more than so many: there are a thousand ways to write one. */
const MAX_TOLD = 10;

/** @type {Set<string>} */
const told = new Set();

/**
 * Warns on the console, once for each spelling, of keys that look like those that are read and are not there.
 *
 * @param {object} channel as the caller wrote it
 */
export function warnOfMisspelling(channel) {
  for (const key in channel) {
    if (key === 'name' || key === 'resourceId' || told.has(key) || told.size >= MAX_TOLD) continue;
    const [meant] = MEANT.find(([_, looksLike]) => looksLike.test(key)) ?? [];
    if (meant === undefined || meant in channel) continue;
    told.add(key);
    console.warn(`channel: ${key} is not read; did you mean ${meant}?`);
  }
}
