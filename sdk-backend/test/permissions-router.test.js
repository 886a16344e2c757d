import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, describe, test } from 'node:test';
import { createPermissionsRouter } from '../src/permissions-router.js';

const ann = /** @type {const} */ ({ id: 'ann', type: 'Member' });
/** @type {ReturnType<typeof createPermissionsRouter>} */
let router;
beforeEach(() => {
  router = createPermissionsRouter();
});

/** A handler whose answer says which one it was. @param {string} mark */
const marked = (mark) => () => /** @type {any} */ ({ mark });

/** @param {{ name: string, resourceId?: string }} channel */
const whoAnswers = async (channel) => /** @type {any} */ (await router.check(channel, ann)).mark;

describe('the order in which handlers are looked up', () => {
  const rows = [
    { added: ['channel', 'resource', 'default'], asked: 'resource', answers: 'resource', decidedBy: 'exact' },
    { added: ['channel', 'default'], asked: 'resource', answers: 'channel', decidedBy: 'parent' },
    { added: ['default'], asked: 'resource', answers: 'default', decidedBy: 'default' },
    { added: ['other', 'default'], asked: 'resource', answers: 'default', decidedBy: 'default' },
    { added: ['other'], asked: 'resource', answers: undefined, decidedBy: 'none' },
    { added: [], asked: 'resource', answers: undefined, decidedBy: 'none' },
    { added: ['channel', 'resource', 'default'], asked: 'channel', answers: 'channel', decidedBy: 'exact' },
    { added: ['resource', 'default'], asked: 'channel', answers: 'default', decidedBy: 'default' },
    { added: ['resource'], asked: 'channel', answers: undefined, decidedBy: 'none' },
    { added: ['resource', 'channel'], asked: 'sibling', answers: 'channel', decidedBy: 'parent' },
    { added: ['resource'], asked: 'sibling', answers: undefined, decidedBy: 'none' },
  ];
  /** @type {Record<string, { name: string, resourceId?: string }>} */
  const channels = {
    channel: { name: 'room' },
    resource: { name: 'room', resourceId: '7' },
    sibling: { name: 'room', resourceId: '8' },
    other: { name: 'lobby' },
  };
  for (const { added, asked, answers, decidedBy } of rows) {
    test(`with ${added.join(', ') || 'nothing'} added, ${asked} is decided by ${decidedBy}`, async () => {
      for (const name of added) {
        const channel = channels[name];
        if (channel) router.add(channel, marked(name));
        else router.default(marked(name));
      }
      const channel = /** @type {{ name: string }} */ (channels[asked]);
      assert.equal(await whoAnswers(channel), answers);
      assert.equal(router.resolve(channel).decidedBy, decidedBy);
      assert.equal(router.resolve(channel).handler === undefined, decidedBy === 'none');
    });
  }
});

test('without any handler everyone may read', async () => {
  assert.deepEqual(await router.check({ name: 'room' }, ann), { read: true });
});

test('added twice, the last handler stands', async () => {
  router.add({ name: 'room' }, marked('first'));
  router.add({ name: 'room', resourceId: '' }, marked('second'));
  router.default(marked('third'));
  router.default(marked('fourth'));
  assert.equal(await whoAnswers({ name: 'room' }), 'second');
  assert.equal(await whoAnswers({ name: 'else' }), 'fourth');
});

test('a handler is called with the channel that was asked for, resource included, and the subscriber', async () => {
  /** @type {unknown[]} */
  const calls = [];
  router.add({ name: 'room' }, (...args) => {
    calls.push(args);
    return {};
  });
  const asked = { name: 'room', resourceId: '7' };
  await router.check(asked, ann);
  assert.deepEqual(calls, [[asked, ann]]);
});

test('a handler may be async, and its extra keys pass', async () => {
  router.default(async () => /** @type {any} */ ({ read: false, write: true }));
  assert.deepEqual(await router.check({ name: 'room' }, ann), { read: false, write: true });
});

test('what a handler throws or rejects with rejects the check', async () => {
  router.add({ name: 'throws' }, () => {
    throw new Error('thrown');
  });
  router.add({ name: 'rejects' }, () => Promise.reject(new Error('rejected')));
  await assert.rejects(router.check({ name: 'throws' }, ann), /^Error: thrown$/);
  await assert.rejects(router.check({ name: 'rejects' }, ann), /^Error: rejected$/);
});

test('an answer that is not an object rejects the check and says whose it was', async () => {
  for (const [answer, found] of /** @type {[any, string][]} */ ([
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'a boolean'],
    [[], 'an array'],
  ])) {
    router.add({ name: 'room' }, () => answer);
    await assert.rejects(router.check({ name: 'room', resourceId: '7' }, ann), {
      name: 'TypeError',
      message:
        'the parent channel\'s permissions handler for channel "room" must return an object ' +
        `such as { read: true }, not ${found}`,
    });
  }
});

test('wrong arguments throw at once and say what would be right', () => {
  const handler = () => ({ read: true });
  const loose = /** @type {any} */ (router);
  assert.throws(() => loose.add('room', handler), /did you mean \{ name: "room" \}\?/);
  assert.throws(() => loose.add({ name: 'room' }), /the handler is a function, not undefined/);
  assert.throws(
    () => loose.add({ name: 'room' }, { read: true }),
    /the handler is a function, not an object/,
  );
  assert.throws(() => loose.default({ read: true }), /default\(handler\): the handler is a function/);
  assert.throws(
    () => loose.add({ name: 'room', resourceId: 7 }, handler),
    /a resourceId is a string, not a number/,
  );
  assert.throws(() => loose.add({}, handler), /a channel's name is a string, not undefined/);
  assert.throws(() => loose.add({ name: 'room:7' }, handler), /no channel can be named "room:7"/);
});

test('the functions work without their object', async () => {
  const { add, check, default: setDefault } = router;
  setDefault(marked('default'));
  add({ name: 'room' }, marked('room'));
  assert.deepEqual(await check({ name: 'room' }, ann), { mark: 'room' });
});

test('the file needs nothing but the language, so that any engine can run it', () => {
  const source = readFileSync(new URL('../src/permissions-router.js', import.meta.url), 'utf8');
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '');
  assert.doesNotMatch(
    code,
    /\bimport\b|\brequire\b|\bprocess\b|\bURL\b|\bBuffer\b|\bconsole\b|\bglobalThis\b/,
  );
});
