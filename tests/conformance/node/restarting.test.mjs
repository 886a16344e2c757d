/**
 * Publishing while the relay restarts and the line to it breaks: nothing is lost, and nothing comes twice.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { configure, publish } from '../../../sdk-backend/src/index.js';
import { Link } from '../harness/link.mjs';
import { API_KEY, Relay } from '../harness/relay.mjs';
import { Subscriber } from '../harness/subscriber.mjs';

const RESTARTS = 3;
const CUTS = 10;

describe('a backend that publishes all the time', () => {
  /** @type {Relay} */
  let relay;
  /** @type {Link} the backend's line to the relay, whose address stays */
  let line;

  before(async () => {
    relay = await Relay.start({ permissions: null });
    line = await Link.open(() => new URL(relay.url));
    configure({ url: line.url, apiKey: API_KEY });
  });
  after(async () => {
    await line.close();
    await relay.stop();
  });

  it('loses and doubles nothing while the relay is restarted in good order', async () => {
    const channel = { name: 'restarts' };
    const stream = publishNumbers(channel);
    /** @type {unknown[]} */
    const got = [];
    let position;
    for (let life = 0; life <= RESTARTS; life += 1) {
      const subscriber = await Subscriber.connect(relay.url);
      const messages = await subscriber.subscribe(channel, position);
      position = messages.position;
      await messages.until(5);
      if (life < RESTARTS) await relay.restart({ how: 'stop' });
      else await messages.until((await stream.end()) - got.length);
      await subscriber.leave();
      got.push(...messages.payloads);
    }
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
