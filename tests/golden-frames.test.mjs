/**
 * The golden frames as JavaScript reads them: every client in a browser has nothing but `JSON.parse` to go by.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const fixtures = new URL('../protocol/fixtures/', import.meta.url);

/** @typedef {(value: unknown) => boolean} Check */

/** @type {Check} */
const isText = (value) => typeof value === 'string' && value !== '';
/** @type {Check} */
const isCount = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
/** @type {Check} */
const isYesOrNo = (value) => typeof value === 'boolean';

/**
 * An object with exactly these keys; one that ends in `?` may be missing.
 *
 * @param {Record<string, Check>} keys
 * @returns {Check}
 */
const shape = (keys) => (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const known = new Map(Object.entries(keys).map(([key, check]) => [key.replace('?', ''), check]));
  const hasAll = Object.keys(keys).every((key) => key.endsWith('?') || key in value);
  return hasAll && Object.entries(value).every(([key, part]) => known.get(key)?.(part) ?? false);
};

const channel = shape({ name: isText, 'resourceId?': isText });
const position = shape({ epoch: isText, offset: isCount });
const subscriber = shape({ id: isText, type: (value) => /^(Admin|Member|Visitor)$/.test(String(value)) });
const heartbeat = shape({ intervalMs: isCount, timeoutMs: isCount });

/** @type {Record<string, Record<string, Record<string, Check>>>} */
const FRAMES = {
  client: {
    hello: { 'token?': isText, 'visitorToken?': isText },
    subscribe: { id: isCount, channel, 'position?': position },
    unsubscribe: { id: isCount, channel },
    refresh: { token: isText },
    pong: {},
  },
  relay: {
    welcome: { session: isText, subscriber, 'visitorToken?': isText, heartbeat, 'expiresInMs?': isCount },
    refreshed: { 'expiresInMs?': isCount },
    subscribed: { id: isCount, number: isCount, position, 'recovered?': isYesOrNo },
    refused: { id: isCount, code: isCount, status: isCount, message: isText },
    unsubscribed: { id: isCount },
    ended: { number: isCount, status: isCount, message: isText },
    ping: {},
    goodbye: { retryAfterMs: isCount },
  },
};

for (const [direction, kinds] of Object.entries(FRAMES)) {
  const folder = new URL(`${direction}/`, fixtures);
  const frames = readdirSync(folder).map((file) => ({
    file,
    frame: JSON.parse(readFileSync(new URL(file, folder), 'utf8')),
  }));

  test(`every golden frame of a ${direction} has the keys and types of its kind`, () => {
    for (const { file, frame } of frames.filter(({ frame }) => !Array.isArray(frame))) {
      const keys = kinds[frame.type];
      assert.ok(keys, `${file} is of no known kind`);
      assert.ok(shape({ type: isText, ...keys })(frame), `${file}: ${JSON.stringify(frame)}`);
    }
  });

  test(`there is a golden frame of each kind that a ${direction} sends`, () => {
    const seen = new Set(frames.map(({ frame }) => frame.type).filter(Boolean));
    assert.deepEqual([...seen].sort(), Object.keys(kinds).sort());
  });
}

test('golden messages are rows of a number, an offset, any payload and perhaps a publisher', () => {
  const rows = ['messages', 'messages-one'].flatMap((name) =>
    JSON.parse(readFileSync(new URL(`relay/${name}.json`, fixtures), 'utf8')),
  );
  assert.ok(rows.length > 5);
  for (const [number, offset, payload, publisher, ...more] of rows) {
    assert.ok(isCount(number) && isCount(offset) && payload !== undefined);
    assert.ok(publisher === undefined || isText(publisher));
    assert.deepEqual(more, []);
  }
});
