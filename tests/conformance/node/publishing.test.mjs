/**
 * `publish` of the backend package against a real relay.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { configure, publish, publisher, runAs } from '../../../sdk-backend/src/index.js';
import { API_KEY, Relay } from '../harness/relay.mjs';
import { Subscriber } from '../harness/subscriber.mjs';
import { signToken } from '../harness/token.mjs';

const run = promisify(execFile);

/** The longest payload that the relay of these tests takes. */
const MAX_BYTES = 1_000;

describe('publish', () => {
  /** @type {Relay} */
  let relay;
  /** @type {{ name: string }} */
  let channel;
  /** @type {Subscriber} */
  let visitor;

  before(async () => {
    relay = await Relay.start({ args: ['--max-payload-bytes', String(MAX_BYTES)] });
    visitor = await Subscriber.connect(relay.url);
  });
  after(async () => {
    await visitor?.leave();
    await relay?.stop();
  });
  beforeEach(() => {
    channel = { name: `test_${randomUUID()}` };
    configure({ url: relay.url, apiKey: API_KEY });
  });

  /** @param {string} sub */
  const user = (sub) => Subscriber.connect(relay.url, { token: signToken({ sub }) });

  it('gives a real promise, which resolves to nothing', async () => {
    const messages = await visitor.subscribe(channel);
    const published = publish(channel, 1);
    assert.ok(published instanceof Promise);
    const chained = await published.then((value) => ['resolved', value]).catch(() => 'rejected');
    assert.deepEqual(chained, ['resolved', undefined]);
    const refused = await publish(/** @type {any} */ ({ name: 'no:name' }), 1)
      .then(() => 'resolved')
      .catch(({ errorCode }) => errorCode);
    assert.equal(refused, 3);
    assert.deepEqual(await messages.until(1), [1]);
  });

  it('starts sending at once, whether anyone awaits it or not', async () => {
    const messages = await visitor.subscribe(channel);
    void publish(channel, 'not awaited');
    assert.deepEqual(await messages.until(1), ['not awaited']);
  });

  it('sends what a program has published without waiting before that program ends', async () => {
    const messages = await visitor.subscribe(channel);
    const sdk = fileURLToPath(new URL('../../../sdk-backend/src/index.js', import.meta.url));
    const job = `
      import { publish } from ${JSON.stringify(sdk)};
      for (let step = 1; step <= 50; step += 1) publish(${JSON.stringify(channel)}, step);
    `;
    const env = { ...process.env, RELAY_URL: relay.url, RELAY_API_KEY: API_KEY };
    await run(process.execPath, ['--input-type=module', '--eval', job], { env });
    assert.deepEqual(await messages.until(50), range(50));
  });

  it('has resolved only when the relay has the message and keeps it for who comes back', async () => {
    const { position } = await visitor.subscribe(channel);
    await visitor.unsubscribe(channel);
    for (let number = 1; number <= 20; number += 1) {
      await publish(channel, number);
      const other = await Subscriber.connect(relay.url);
      const missed = await other.subscribe(channel, position);
      assert.deepEqual(await missed.until(number), range(number));
      await other.leave();
    }
  });

  it('resolves although nobody is there to receive', async () => {
    assert.equal(await publish(channel, 'into the void'), undefined);
  });

  it('delivers what one process publishes to a channel in the order of the calls, awaited or not', async () => {
    const resource = { ...channel, resourceId: '7' };
    const [direct, other] = [await visitor.subscribe(channel), await visitor.subscribe(resource)];
    const total = 2_000;
    for (let number = 1; number <= total; number += 1) {
      const published = publish(channel, number);
      void publish(resource, number);
      if (number % 97 === 0) await published;
    }
    assert.deepEqual(await direct.until(total), range(total));
    assert.deepEqual(await other.until(total), range(total));
  });

  it('reaches only the named users among the subscribers, each on all their connections', async () => {
    const people = [await user('anna'), await user('anna'), await user('ben'), visitor];
    const inboxes = await Promise.all(people.map((person) => person.subscribe(channel)));
    await publish(channel, 'for anna', { users: ['anna'] });
    await publish(channel, 'for both', { users: ['ben', 'anna', 'ben'] });
    await publish(channel, 'for the visitor', { users: [visitor.welcome.subscriber.id] });
    await publish(channel, 'for nobody', { users: [] });
    await publish(channel, 'for all');
    const expected = [
      ['for anna', 'for both', 'for all'],
      ['for anna', 'for both', 'for all'],
      ['for both', 'for all'],
      ['for the visitor', 'for all'],
    ];
    for (const [index, messages] of inboxes.entries()) {
      const wanted = /** @type {string[]} */ (expected[index]);
      assert.deepEqual(await messages.until(wanted.length), wanted);
    }
    for (const person of people.slice(0, 3)) await person.leave();
  });

  it('takes up to 1000 users, and refuses more with code 3', async () => {
    const anna = await user('anna');
    const messages = await anna.subscribe(channel);
    const others = Array.from({ length: 999 }, () => randomUUID());
    await publish(channel, 'one of a thousand', { users: [...others, 'anna'] });
    assert.deepEqual(await messages.until(1), ['one of a thousand']);
    await assert.rejects(publish(channel, 1, { users: [...others, 'anna', 'ben'] }), { errorCode: 3 });
    await anna.leave();
  });

  it('keeps a message for some users from others who come back later', async () => {
    const [anna, ben] = [await user('anna'), await user('ben')];
    const { position } = await anna.subscribe(channel);
    await ben.subscribe(channel);
    await Promise.all([anna.leave(), ben.leave()]);
    await publish(channel, 'for anna', { users: ['anna'] });
    await publish(channel, 'for all');
    for (const [sub, expected] of Object.entries({ anna: ['for anna', 'for all'], ben: ['for all'] })) {
      const person = await user(sub);
      const missed = await person.subscribe(channel, position);
      assert.deepEqual(await missed.until(expected.length), expected);
      await person.leave();
    }
  });

  it('shows the publisher that the backend acts for, and never one that a payload names', async () => {
    const messages = await visitor.subscribe(channel);
    const forged = { publisher: { id: 'ben' }, options: { includePublisher: true } };
    await runAs({ id: 'anna' }, () => publish(channel, forged, { includePublisher: true }));
    await runAs({ id: 'anna' }, () => publish(channel, forged));
    await publish(channel, forged, { includePublisher: true });
    await messages.until(3);
    assert.deepEqual(messages.all, [
      { payload: forged, publisher: 'anna' },
      { payload: forged },
      { payload: forged },
    ]);
  });

  it('refuses what is no JSON value, with code 3 and the channel', async () => {
    /** @type {any} */
    const cyclic = {};
    cyclic.self = cyclic;
    for (const payload of [undefined, () => {}, Symbol('x'), 1n, cyclic, [[1n]]]) {
      const refusal = { name: 'RealtimeError', errorCode: 3, channel };
      await assert.rejects(publish(channel, payload), refusal);
    }
  });

  it('takes a payload up to the limit that the relay is set to, in bytes of JSON, and refuses a longer one', async () => {
    const messages = await visitor.subscribe(channel);
    const largest = 'ü'.repeat((MAX_BYTES - 2) / 2);
    await publish(channel, largest);
    const refusal = { errorCode: 3, message: new RegExp(`${MAX_BYTES}`) };
    await assert.rejects(publish(channel, `${largest}x`), refusal);
    await publish(channel, 'next');
    assert.deepEqual(await messages.until(2), [largest, 'next']);
  });

  it('refuses what is no channel with code 3 and says what was meant', async () => {
    /** @type {[unknown, RegExp][]} */
    const wrong = [
      [undefined, /such as \{ name: "chat" \}, not undefined/],
      ['chat', /did you mean \{ name: "chat" \}\?/],
      [{ name: 'room:7' }, /":" at position 5.*use resourceId/],
      [{ name: 'room.7' }, /"\." at position 5/],
      [{ name: '@system' }, /reserved/],
      [{ name: '' }, /1 to 140/],
      [{ name: 'room', resourceId: 7 }, /did you mean "7"\?/],
      [{ name: 'room', resourceId: 'a\nb' }, /control characters/],
    ];
    for (const [value, message] of wrong) {
      await assert.rejects(publish(/** @type {any} */ (value), 1), { errorCode: 3, message });
    }
  });

  it('asks no permission, but a key of the relay', async () => {
    const channelOfMembers = { name: 'members', resourceId: channel.name };
    const [member] = [await user('anna')];
    const messages = await member.subscribe(channelOfMembers);
    await runAs({ id: 'a visitor', type: 'Visitor' }, () => publish(channelOfMembers, 'from outside'));
    assert.deepEqual(await messages.until(1), ['from outside']);
    assert.equal(await publish({ name: 'refused' }, 'whom it concerns'), undefined);
    configure({ apiKey: 'guessed' });
    await assert.rejects(publish(channel, 1), { errorCode: 1, message: /key/ });
    await member.leave();
  });

  it('has a newer surface, publisher.publish, for objects only and without options', async () => {
    const messages = await visitor.subscribe(channel);
    assert.equal(await publisher.publish(channel, { a: 1 }), undefined);
    const publishAny = /** @type {(...args: any[]) => Promise<void>} */ (publisher.publish);
    await publishAny(channel, { a: 2 }, { users: [] });
    for (const payload of [null, 'text', 7, true, undefined, [1]]) {
      await assert.rejects(publishAny(channel, payload), { errorCode: 3 });
    }
    assert.deepEqual(await messages.until(2), [{ a: 1 }, { a: 2 }]);
  });
});

/** @param {number} count */
const range = (count) => Array.from({ length: count }, (_, index) => index + 1);
