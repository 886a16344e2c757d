/**
 * `backend/realtime-permissions.js` in force at a real relay.
 */

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { API_KEY, Relay } from '../harness/relay.mjs';
import { Subscriber } from '../harness/subscriber.mjs';
import { signToken } from '../harness/token.mjs';
import { until } from '../harness/until.mjs';

describe('permissions', () => {
  /** @type {Relay | undefined} */
  let relay;
  /** @type {Subscriber[]} */
  const subscribers = [];

  afterEach(async () => {
    await Promise.all(subscribers.splice(0).map((subscriber) => subscriber.leave()));
    await relay?.stop();
    relay = undefined;
  });

  /**
   * A relay with this file, or with none, and a visitor of it.
   *
   * @param {string | null} permissions
   * @param {readonly string[]} [args]
   */
  async function visitorOf(permissions, args = []) {
    relay = await Relay.start({ permissions, args });
    return connect();
  }

  /** @param {Record<string, unknown>} [claims] */
  async function connect(claims) {
    const identity = claims ? { token: signToken(claims) } : {};
    const subscriber = await Subscriber.connect(/** @type {Relay} */ (relay).url, identity);
    subscribers.push(subscriber);
    return subscriber;
  }

  const log = () => relay?.log ?? '';

  /** @param {string} body */
  const routed = (body) => `
    import { permissionsRouter } from 'wix-realtime-backend';
    ${body}
    export function realtime_check_permission(channel, subscriber) {
      return permissionsRouter.check(channel, subscriber);
    }
  `;

  it('are those of the documented example: the default for everyone, the staff for members', async () => {
    const visitor = await visitorOf(
      routed(`
        permissionsRouter.default(() => ({ read: true }));
        permissionsRouter.add({ name: 'staff' }, (channel, subscriber) => ({ read: subscriber.type === 'Member' }));
      `),
    );
    const [member, admin] = [await connect({ sub: 'anna' }), await connect({ sub: 'ada', type: 'Admin' })];
    assert.deepEqual(
      await Promise.all([visitor, member, admin].map((person) => person.mayRead({ name: 'staff' }))),
      [false, true, false],
    );
    assert.equal(await visitor.mayRead({ name: 'anything' }), true);
  });

  it('are decided by the exact handler, else the parent channel’s, else the default, else allowed', async () => {
    const only = (/** @type {string} */ who) => `(_channel, { id }) => ({ read: id === '${who}' })`;
    const add = (/** @type {string} */ channel, /** @type {string} */ who) =>
      `permissionsRouter.add(${channel}, ${only(who)});`;
    const visitor = await visitorOf(
      routed(`
        permissionsRouter.default(${only('of-default')});
        ${add(`{ name: 'room' }`, 'of-parent')}
        ${add(`{ name: 'room', resourceId: '7' }`, 'of-exact')}
      `),
    );
    const deciders = ['of-exact', 'of-parent', 'of-default'];
    const people = await Promise.all(deciders.map((sub) => connect({ sub })));
    /** @type {[import('../harness/subscriber.mjs').Channel, string][]} */
    const cases = [
      [{ name: 'room', resourceId: '7' }, 'of-exact'],
      [{ name: 'room', resourceId: '8' }, 'of-parent'],
      [{ name: 'room' }, 'of-parent'],
      [{ name: 'room', resourceId: '' }, 'of-parent'],
      [{ name: 'other' }, 'of-default'],
      [{ name: 'other', resourceId: '7' }, 'of-default'],
    ];
    for (const [channel, decider] of cases) {
      const letIn = await Promise.all(people.map((person) => person.mayRead(channel)));
      assert.deepEqual(
        letIn,
        deciders.map((each) => each === decider),
        JSON.stringify(channel),
      );
      assert.equal(await visitor.mayRead(channel), false);
    }
  });

  it('let everyone in where the router has no handler for a channel and no default', async () => {
    const visitor = await visitorOf(routed(`permissionsRouter.add({ name: 'a' }, () => ({ read: false }));`));
    assert.equal(await visitor.mayRead({ name: 'a' }), false);
    assert.equal(await visitor.mayRead({ name: 'b' }), true);
  });

  it('ask the handler about the channel that was asked for, resource included, and about the subscriber', async () => {
    const visitor = await visitorOf(
      routed(`
        permissionsRouter.add({ name: 'room' }, (channel, subscriber) => {
          console.log('asked', JSON.stringify([channel, subscriber]));
          return {};
        });
      `),
    );
    const member = await connect({ sub: 'anna' });
    await visitor.ask({ name: 'room', resourceId: 'ü 7' });
    await member.ask({ name: 'room' });
    const { id } = visitor.welcome.subscriber;
    const expected = [
      [
        { name: 'room', resourceId: 'ü 7' },
        { id, type: 'Visitor' },
      ],
      [{ name: 'room' }, { id: 'anna', type: 'Member' }],
    ];
    for (const each of expected) {
      await until(() => log().includes(`asked ${JSON.stringify(each)}`), log);
    }
  });

  it('take the last of two handlers that were added for one channel, and the last default', async () => {
    const visitor = await visitorOf(
      routed(`
        permissionsRouter.add({ name: 'a' }, () => ({ read: false }));
        permissionsRouter.add({ name: 'a' }, () => ({ read: true }));
        permissionsRouter.add({ name: 'b', resourceId: '1' }, () => ({ read: true }));
        permissionsRouter.add({ name: 'b', resourceId: '1' }, () => ({ read: false }));
        permissionsRouter.default(() => ({ read: true }));
        permissionsRouter.default(() => ({ read: false }));
      `),
    );
    assert.equal(await visitor.mayRead({ name: 'a' }), true);
    assert.equal(await visitor.mayRead({ name: 'b', resourceId: '1' }), false);
    assert.equal(await visitor.mayRead({ name: 'c' }), false);
  });

  it('come from a hook in any form: sync or async, with one parameter or two, function or arrow', async () => {
    const hooks = [
      `export function realtime_check_permission(channel) { return { read: channel.name === 'open' }; }`,
      `export async function realtime_check_permission(channel, subscriber) {
         await Promise.resolve();
         return { read: channel.name === 'open' && subscriber.type === 'Visitor' };
       }`,
      `export const realtime_check_permission = ({ name }) => Promise.resolve({ read: name === 'open' });`,
      `function check({ name }) { return { read: name === 'open' }; }
       export { check as realtime_check_permission };`,
    ];
    for (const hook of hooks) {
      const visitor = await visitorOf(hook);
      assert.equal(await visitor.mayRead({ name: 'open' }), true, hook);
      assert.equal(await visitor.mayRead({ name: 'closed' }), false, hook);
      await visitor.leave();
      await relay?.stop();
    }
  });

  it('may answer more than read, which is ignored, and allow with {}', async () => {
    const answers = {
      empty: '{}',
      yes: '{ read: true }',
      more: '{ read: true, write: false, ttl: 5 }',
      extra: '{ write: false }',
    };
    const visitor = await visitorOf(`
      const answers = { ${Object.entries(answers).map(([name, answer]) => `${name}: ${answer}`)} };
      export const realtime_check_permission = ({ name }) => answers[name];
    `);
    for (const name of Object.keys(answers)) assert.equal(await visitor.mayRead({ name }), true, name);
  });

  /** Answers that are none, as JavaScript. */
  const DOUBTS = Object.entries({
    undefined: 'undefined',
    null: 'null',
    true: 'true',
    text: '"read"',
    array: '[{ read: true }]',
    'read-text': '{ read: "true" }',
    'read-null': '{ read: null }',
    throws: '(() => { throw new Error("a secret detail"); })()',
    rejects: 'Promise.reject(new Error("a secret detail"))',
    'throws-text': '(() => { throw "a secret detail"; })()',
    endless: '(() => { for (;;); })()',
    'never-settles': 'new Promise(() => {})',
    memory: '(() => { const all = []; for (;;) all.push("x".repeat(100_000)); })()',
    recursion: '(function self() { return self() + 1; })()',
  });

  it('refuse on every doubt, log and count why, and tell the browser nothing of it', async () => {
    const answers = DOUBTS.map(([name, answer]) => `${JSON.stringify(name)}: () => (${answer})`);
    const hook = `
      const answers = { ${answers} };
      export const realtime_check_permission = ({ name }) => (answers[name] ?? (() => ({})))();
    `;
    // Two relays, since each lets only so many such lines into its log at once.
    const half = DOUBTS.length / 2;
    for (const doubts of [DOUBTS.slice(0, half), DOUBTS.slice(half)]) {
      const visitor = await visitorOf(hook);
      for (const [name] of doubts) {
        const { type, code, message } = await visitor.ask({ name });
        assert.deepEqual(
          { type, code, message },
          { type: 'refused', code: 2, message: `not allowed to read channel ${name}` },
        );
        await until(
          () => log().includes(`channel=${name} `),
          () => `the log tells of ${name}: ${log()}`,
        );
      }
      assert.equal(await counted(/** @type {Relay} */ (relay)), doubts.length);
      assert.equal(await visitor.mayRead({ name: 'others-go-on' }), true);
      if (doubts.some(([name]) => name === 'throws')) assert.match(log(), /a secret detail/);
      await visitor.leave();
      await relay?.stop();
    }
  });

  it('refuse with { read: false }, by code 2', async () => {
    const visitor = await visitorOf(`export const realtime_check_permission = () => ({ read: false });`);
    const { type, code, status } = await visitor.ask({ name: 'room' });
    assert.deepEqual({ type, code, status }, { type: 'refused', code: 2, status: 403 });
  });

  it('are asked for every subscribe attempt, those after a reconnection included', async () => {
    const visitor = await visitorOf(`
      export const realtime_check_permission = ({ name }) => {
        console.log('asked about', name);
        return {};
      };
    `);
    const channel = { name: 'room' };
    await visitor.ask(channel);
    await visitor.unsubscribe(channel);
    const { position } = await visitor.ask(channel);
    const again = await connect();
    await again.ask(channel, position);
    await until(
      () => log().split('asked about room').length === 4,
      () => `three questions: ${log()}`,
    );
  });

  it('let everyone read without a file, with a loud warning at the start', async () => {
    const visitor = await visitorOf(null);
    assert.equal(await visitor.mayRead({ name: 'anything', resourceId: '1' }), true);
    assert.match(log(), /WARN.*no permissions file: EVERYONE may read EVERY channel/);
  });

  it('let nobody read without a file where --require-permissions says so', async () => {
    const visitor = await visitorOf(null, ['--require-permissions']);
    assert.equal(await visitor.mayRead({ name: 'anything' }), false);
  });

  it('that do not load stop the start, with file, line and reason', async () => {
    /** @type {[string, RegExp][]} */
    const broken = [
      ['export const a = 1;\nexport function realtime_check_permission( {', /realtime-permissions\.js:2/],
      ['const a = 1;\n\nthrow new Error("no database");', /realtime-permissions\.js:3[\s\S]*no database/],
      ['export const other = 1;', /realtime_check_permission/],
      ['import fs from "node:fs";\nexport const realtime_check_permission = () => ({});', /:1[\s\S]*node:fs/],
    ];
    for (const [file, message] of broken) {
      await assert.rejects(Relay.start({ permissions: file }), ({ output }) => {
        assert.match(output, message);
        return true;
      });
    }
  });
});

/**
 * How many questions a relay has refused because their handler failed.
 *
 * @param {Relay} relay
 */
async function counted(relay) {
  const headers = { Authorization: `Bearer ${API_KEY}` };
  const metrics = await (await fetch(`${relay.url}/metrics`, { headers })).text();
  const refusals = metrics.matchAll(/^relay_permission_decisions_total\{(.*)\} (\d+)$/gm);
  return [...refusals]
    .filter(([, labels = '']) => !/result="allowed"|cause="by_handler"/.test(labels))
    .reduce((sum, [, , count]) => sum + Number(count), 0);
}
