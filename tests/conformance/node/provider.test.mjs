/**
 * A backend of the site that decides by HTTP, asked by a real relay, and its word about running subscriptions.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import {
  configure,
  permissionsEndpoint,
  publish,
  recheckPermissions,
} from '../../../sdk-backend/src/index.js';
import { API_KEY, Relay } from '../harness/relay.mjs';
import { Subscriber } from '../harness/subscriber.mjs';
import { signToken } from '../harness/token.mjs';
import { until } from '../harness/until.mjs';

/**
 * @typedef {import('../../../sdk-backend/index.d.ts').Channel} Channel
 * @typedef {import('../../../sdk-backend/index.d.ts').Subscriber} Who
 */

const SECRET = 'a secret that relay and backend share';

describe('a provider of permissions', () => {
  /** @type {(channel: Channel, subscriber: Who) => any} what the backend says */
  let decide = () => ({ read: true });
  /** @type {[Channel, Who][]} */
  let questions = [];
  /** @type {import('node:http').Server} */
  let backend;
  /** @type {Relay} */
  let relay;
  /** @type {Subscriber[]} */
  const subscribers = [];

  before(async () => {
    const endpoint = permissionsEndpoint({
      secret: SECRET,
      log() {},
      check(channel, subscriber) {
        questions.push([channel, subscriber]);
        return decide(channel, subscriber);
      },
    });
    backend = createServer(endpoint.node).listen(0, '127.0.0.1');
    await once(backend, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (backend.address());
    const base = `http://127.0.0.1:${port}/permissions`;
    const args = [
      '--permissions-url',
      base,
      '--permissions-secret',
      SECRET,
      '--permissions-timeout-ms',
      '500',
    ];
    relay = await Relay.start({ permissions: null, args });
    configure({ url: relay.url, apiKey: API_KEY });
  });
  after(async () => {
    await relay?.stop();
    backend?.closeAllConnections();
    backend?.close();
  });
  beforeEach(() => {
    decide = () => ({ read: true });
    questions = [];
  });
  afterEach(() => Promise.all(subscribers.splice(0).map((subscriber) => subscriber.leave())));

  /** @param {Record<string, unknown>} [claims] */
  async function connect(claims) {
    const subscriber = await Subscriber.connect(relay.url, claims ? { token: signToken(claims) } : {});
    subscribers.push(subscriber);
    return subscriber;
  }

  it('is asked about channel and subscriber, and its answer decides', async () => {
    decide = (channel, { type }) => ({ read: type === 'Member' && channel.resourceId === 'ü 7' });
    const [visitor, member] = [await connect(), await connect({ sub: 'anna' })];
    const channel = { name: 'room', resourceId: 'ü 7' };
    assert.deepEqual(
      [await visitor.mayRead(channel), await member.mayRead(channel), await member.mayRead({ name: 'room' })],
      [false, true, false],
    );
    assert.deepEqual(questions, [
      [channel, { id: visitor.welcome.subscriber.id, type: 'Visitor' }],
      [channel, { id: 'anna', type: 'Member' }],
      [{ name: 'room' }, { id: 'anna', type: 'Member' }],
    ]);
  });

  it('refuses when it throws or answers nonsense, and with status 503 when it takes too long', async () => {
    const visitor = await connect();
    /** @type {Record<string, [() => any, number]>} */
    const faults = {
      throws: [
        () => {
          throw new Error('a secret detail');
        },
        403,
      ],
      rejects: [() => Promise.reject(new Error('a secret detail')), 403],
      nonsense: [() => 'yes', 403],
      slow: [() => new Promise(() => {}), 503],
    };
    for (const [name, [fault, expected]] of Object.entries(faults)) {
      decide = fault;
      const { type, code, status, message } = await visitor.ask({ name });
      assert.deepEqual({ type, code, status }, { type: 'refused', code: 2, status: expected }, name);
      assert.ok(!message.includes('secret'), message);
    }
    decide = () => ({});
    assert.equal(await visitor.mayRead({ name: 'others-go-on' }), true);
  });

  it('has running subscriptions of a channel, of a user, or all asked again, and ends those it no longer allows', async () => {
    const [anna, ben] = [await connect({ sub: 'anna' }), await connect({ sub: 'ben' })];
    const [room, hall] = [{ name: 'room', resourceId: '1' }, { name: 'hall' }];
    const all = new Map();
    for (const [who, person] of Object.entries({ anna, ben })) {
      for (const channel of [room, hall]) all.set(`${who} ${channel.name}`, await person.subscribe(channel));
    }
    decide = ({ name }, { id }) => ({ read: name === 'hall' && id === 'ben' });
    questions = [];

    assert.deepEqual(await recheckPermissions({ channel: { name: 'room' }, user: 'anna' }), {
      subscriptions: 1,
    });
    await until(
      () => anna.told.length === 1,
      () => JSON.stringify(anna.told),
    );
    assert.deepEqual(questions, [[room, { id: 'anna', type: 'Member' }]]);
    const { type, status } = anna.told[0];
    assert.deepEqual({ type, status }, { type: 'ended', status: 403 });

    assert.deepEqual(await recheckPermissions({ channel: room }), { subscriptions: 1 });
    await until(
      () => ben.told.length === 1,
      () => JSON.stringify(ben.told),
    );
    assert.deepEqual(await recheckPermissions({ user: 'anna' }), { subscriptions: 1 });
    await until(
      () => anna.told.length === 2,
      () => JSON.stringify(anna.told),
    );
    assert.deepEqual(await recheckPermissions(), { subscriptions: 1 });

    for (const channel of [room, hall]) await publish(channel, channel.name);
    assert.deepEqual(await all.get('ben hall').until(1), ['hall']);
    assert.deepEqual([anna.told.length, ben.told.length], [2, 1]);
    for (const key of ['anna room', 'anna hall', 'ben room'])
      assert.deepEqual(all.get(key).payloads, [], key);
  });

  it('is asked again when a subscriber comes back', async () => {
    const channel = { name: 'room' };
    const first = await connect({ sub: 'anna' });
    const { position } = await first.subscribe(channel);
    await first.leave();
    decide = () => ({ read: false });
    const second = await connect({ sub: 'anna' });
    assert.equal((await second.ask(channel, position)).type, 'refused');
    assert.equal(questions.length, 2);
  });
});
