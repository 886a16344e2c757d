/**
 * Publishing while the relay restarts and the line to it breaks: nothing is lost, and nothing comes twice.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { configure, publish } from '../../../sdk-backend/src/index.js';
import { Link } from '../harness/link.mjs';
import { API_KEY, Relay } from '../harness/relay.mjs';
import { Subscriber } from '../harness/subscriber.mjs';

const RESTARTS = 3;
const CUTS = 10;

/** What was published while there was no relay comes all at once, and is there for a subscriber who is slow to come back. */
const KEEP_ALL = ['--history-messages', '1000000'];

describe('a backend that publishes all the time', () => {
  /** @type {Relay} */
  let relay;
  /** @type {Link} the backend's line to the relay, whose address stays */
  let line;

  before(async () => {
    relay = await Relay.start({ permissions: null, args: KEEP_ALL });
    line = await Link.open(() => new URL(relay.url));
    configure({ url: line.url, apiKey: API_KEY });
  });
  after(async () => {
    await line.close();
    await relay.stop();
  });

  it('loses and doubles nothing while the relay is restarted in good order', async () => {
    const channel = { name: 'restarts' };
    let subscriber = await Subscriber.connect(relay.url);
    let messages = await subscriber.subscribe(channel);
    const stream = publishNumbers(channel);
    /** @type {unknown[]} */
    const got = [];
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      await messages.until(5);
      await relay.restart({ how: 'stop' });
      await subscriber.leave();
      got.push(...messages.payloads);
      subscriber = await Subscriber.connect(relay.url);
      // The position of a stream that is lost: what the new one has comes from its beginning.
      messages = await subscriber.subscribe(channel, messages.position);
    }
    await messages.until((await stream.end()) - got.length);
    got.push(...messages.payloads);
    assert.deepEqual(got, numbersTo(stream.accepted));
  });

  it('loses and doubles nothing while its requests and their answers are cut off', async () => {
    const channel = { name: 'cuts' };
    const subscriber = await Subscriber.connect(relay.url);
    const messages = await subscriber.subscribe(channel);
    const stream = publishNumbers(channel);
    for (let cut = 1; cut <= CUTS; cut += 1) {
      await messages.until(cut * 5);
      line.cut();
    }
    await messages.until(await stream.end());
    assert.deepEqual(messages.payloads, numbersTo(stream.accepted));
    assert.ok(line.accepted > CUTS / 2, 'the line was made anew');
    await subscriber.leave();
  });
});

describe('a backend that publishes all the time to a relay with its history on disk', () => {
  it('loses and doubles nothing while the relay is killed again and again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'realtime-relay-restarting-'));
    const args = ['--data-dir', folder, ...KEEP_ALL];
    const relay = await Relay.start({ permissions: null, args });
    const line = await Link.open(() => new URL(relay.url));
    try {
      configure({ url: line.url, apiKey: API_KEY });
      const channel = { name: 'kills' };
      const { position: beginning } = await (await Subscriber.connect(relay.url)).subscribe(channel);
      const stream = publishNumbers(channel);
      for (let kill = 0; kill < RESTARTS; kill += 1) {
        const messages = await (await Subscriber.connect(relay.url)).subscribe(channel);
        await messages.until(20);
        await relay.restart({ how: 'kill' });
      }
      await stream.end();
      const kept = await (await Subscriber.connect(relay.url)).subscribe(channel, beginning);
      await kept.until(stream.accepted);
      assert.deepEqual(kept.payloads, numbersTo(stream.accepted));
    } finally {
      await line.close();
      await relay.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/**
 * Publishes numbers without waiting for each other's answers, from now until the end is asked for.
 *
 * @param {{ name: string }} channel
 */
function publishNumbers(channel) {
  let isOver = false;
  /** @type {Promise<void>[]} */
  const publishes = [];
  const stream = { accepted: 0, end };
  const running = (async () => {
    while (!isOver) {
      publishes.push(publish(channel, publishes.length));
      await pause(2);
    }
  })();
  /** Publishes no more, and gives how many were accepted: all of them. */
  async function end() {
    isOver = true;
    await running;
    await Promise.all(publishes);
    stream.accepted = publishes.length;
    return stream.accepted;
  }
  return stream;
}

/** @param {number} count */
const numbersTo = (count) => Array.from({ length: count }, (_, number) => number);
