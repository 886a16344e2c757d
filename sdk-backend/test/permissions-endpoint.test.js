import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import express from 'express';
import { FaultLog } from '../src/endpoint/fault-log.js';
import { permissionsEndpoint, permissionsRouter } from '../src/index.js';
import { bodyOf, examples, PATH, posting, SECRET, sign } from './questions.js';

/** Express 4, which many still run; its types are those of 5. @type {typeof express} */
const express4 = createRequire(import.meta.url)('express4');

/** @typedef {{ status: number, type: string, json: any }} Answer */
/** @typedef {(path: string, init: RequestInit) => Promise<Answer>} Ask */

/** @type {string[]} */
const log = [];
/** @type {any[][]} */
const asked = [];

/** Decides by the channel's name. @param {any[]} args */
function hook(...args) {
  asked.push(args);
  const [channel] = args;
  if (channel.name === 'throws') throw new Error('no database');
  if (channel.name === 'never') return new Promise(() => {});
  return { read: channel.name === 'yes' };
}

const options = {
  check: hook,
  secret: SECRET,
  timeoutMs: 200,
  log: (/** @type {string} */ line) => log.push(line),
};
const endpoint = permissionsEndpoint(/** @type {any} */ (options));

/** The ways to serve it, each behind an address. @type {Record<string, any>} */
const LISTENERS = {
  "Node's http": () => endpoint.node,
  'Express 5': () => express().use(endpoint.express),
  'Express 5 behind express.json()': () => express().use(express.json()).use(endpoint.express),
  'Express 5 on a path of its own': () =>
    express().use('/base', express.json()).post(`/base${PATH}`, endpoint.express),
  'Express 5 behind express.text()': () =>
    express()
      .use(express.text({ type: '*/*' }))
      .use('/base', endpoint.express),
  'Express 4': () => express4().use(endpoint.express),
  'Express 4 behind express.json()': () => express4().use(express4.json()).use(endpoint.express),
  'Express 4 behind express.raw()': () =>
    express4()
      .use(express4.raw({ type: '*/*' }))
      .use(endpoint.express),
  'what keeps rawBody': () =>
    express()
      .use(express.json({ verify: (request, _, raw) => Object.assign(request, { rawBody: raw }) }))
      .use(endpoint.express),
};

/** @param {Response} response @returns {Promise<Answer>} */
async function read(response) {
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, json: type.includes('json') ? JSON.parse(text) : text };
}

/** @param {any} listener @returns {Promise<{ ask: Ask, stop: () => Promise<void> }>} */
async function serve(listener) {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    ask: async (path, init) => read(await fetch(`http://127.0.0.1:${port}${path}`, init)),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const BASE = `/base${PATH}`;
const YES = bodyOf({ name: 'yes' });

for (const [name, makeListener] of Object.entries(LISTENERS)) {
  describe(`served by ${name}`, () => {
    /** @type {{ ask: Ask, stop: () => Promise<void> }} */
    let server;
    before(async () => {
      server = await serve(makeListener());
    });
    after(() => server.stop());

    suite((path, init) => server.ask(path, init));
  });
}

describe('served by fetch', () => {
  suite(async (path, init) => read(await endpoint.fetch(new Request(`http://backend.example${path}`, init))));
});

/** What holds however it is served. @param {Ask} ask */
function suite(ask) {
  test('the hook is asked and its answer is the answer', async () => {
    for (const [name, read] of /** @type {const} */ ([
      ['yes', true],
      ['no', false],
    ])) {
      asked.length = 0;
      const body = bodyOf({ name, resourceId: 'r 1 ✓' }, { id: 'b', type: 'Visitor' });
      const { status, type, json } = await ask(BASE, posting(body));
      assert.deepEqual([status, json], [200, { read }]);
      assert.match(type, /^application\/json/);
      assert.deepEqual(asked, [
        [
          { name, resourceId: 'r 1 ✓' },
          { id: 'b', type: 'Visitor' },
        ],
      ]);
    }
  });

  test('a channel itself comes without a resource', async () => {
    for (const channel of [
      { name: 'yes' },
      { name: 'yes', resourceId: '' },
      { name: 'yes', resourceId: null },
    ]) {
      asked.length = 0;
      await ask(BASE, posting(bodyOf(channel)));
      assert.deepEqual(Object.keys(asked[0]?.[0]), ['name']);
    }
  });

  test('what the relay sends is understood, whatever characters it has', async () => {
    for (const { body, channel, subscriber } of examples) {
      asked.length = 0;
      const { status } = await ask(BASE, posting(body));
      assert.equal(status, 200);
      assert.deepEqual(asked, [[channel, subscriber]]);
    }
  });

  test('a hook that throws is no, and the reason stays in the log', async () => {
    log.length = 0;
    const { status, json } = await ask(BASE, posting(bodyOf({ name: 'throws' })));
    assert.deepEqual([status, json], [200, { read: false, cause: 'threw' }]);
    assert.match(log.join('\n'), /handler for "throws" failed, asked by Member "anna": Error: no database/);
  });

  test('a hook that never answers is no decision', async () => {
    log.length = 0;
    const { status, type, json } = await ask(BASE, posting(bodyOf({ name: 'never' })));
    assert.deepEqual([status, json.code], [503, 'unavailable']);
    assert.match(type, /^application\/problem\+json/);
    assert.match(log.join('\n'), /handler for "never" failed, .*: no answer in 200 ms/);
  });

  test('a question that is not signed, or was signed long ago, asks nobody', async () => {
    asked.length = 0;
    const old = Math.floor(Date.now() / 1000) - 301;
    for (const [signature, detail] of /** @type {[string, RegExp][]} */ ([
      ['', /no Realtime-Signature/],
      [sign(YES, 'guess'), /not made with this secret/],
      [sign(YES, SECRET, old), /are both clocks right/],
      [sign(bodyOf({ name: 'yes', resourceId: '1' })), /not made with this secret over this body/],
    ])) {
      const { status, json } = await ask(BASE, posting(YES, { 'realtime-signature': signature }));
      assert.deepEqual([status, json.code], [401, 'unauthorized']);
      assert.match(json.detail, detail);
    }
    assert.deepEqual(asked, []);
  });
}

/** @type {[string, string, RequestInit, number, string, RegExp][]} */
const REFUSED = [
  ['another address', '/v1/other', posting(YES), 404, 'not_found', /posted to …\/v1\/check-subscriber/],
  ['another method', BASE, { method: 'GET' }, 405, 'method_not_allowed', /takes POST/],
  [
    'another type',
    BASE,
    posting(YES, { 'content-type': 'text/plain' }),
    415,
    'unsupported_media_type',
    /application\/json/,
  ],
  [
    'a body beyond all measure',
    BASE,
    signed('x'.repeat(70_000)),
    413,
    'payload_too_large',
    /at most 65536 bytes/,
  ],
  ['no JSON', BASE, signed('{"request":'), 400, 'bad_input', /not JSON/],
  ['nothing asked', BASE, signed('null'), 400, 'bad_input', /subscriber has a type/],
  ['no channel', BASE, signed(bodyOf(undefined)), 400, 'bad_input', /a channel is an object/],
  [
    'a channel that there cannot be',
    BASE,
    signed(bodyOf({ name: 'a:b' })),
    400,
    'bad_input',
    /":" at position 2/,
  ],
  [
    'nobody',
    BASE,
    signed(bodyOf({ name: 'a' }, { id: '', type: 'Member' })),
    400,
    'bad_input',
    /id is a string/,
  ],
  [
    'a subscriber of no kind',
    BASE,
    signed(bodyOf({ name: 'a' }, { id: 'x', type: 'Robot' })),
    400,
    'bad_input',
    /one of Admin, Member, Visitor/,
  ],
];

/** @param {string} body */
function signed(body) {
  return posting(body);
}

describe('what is no question is answered with a problem that says why', () => {
  for (const kind of ["Node's http", 'fetch']) {
    for (const [name, path, init, status, code, detail] of REFUSED) {
      test(`${name}, by ${kind}`, async () => {
        const server = kind === 'fetch' ? undefined : await serve(endpoint.node);
        const answer = server
          ? await server.ask(path, init)
          : await read(await endpoint.fetch(new Request(`http://backend.example${path}`, init)));
        await server?.stop();
        assert.deepEqual([answer.status, answer.json.code, answer.json.status], [status, code, status]);
        assert.match(answer.type, /^application\/problem\+json/);
        assert.match(answer.json.detail, detail);
      });
    }
  }
});

test('in Express, what is not a question is left to the next', async () => {
  const app = express()
    .use(endpoint.express)
    .get('/other', (_, response) => void response.send('other'));
  const server = await serve(app);
  assert.equal((await server.ask('/other', {})).json, 'other');
  await server.stop();
});

test('a body that somebody has read and not kept is an error of this backend, told in words', async () => {
  const server = await serve(async (/** @type {any} */ request, /** @type {any} */ response) => {
    for await (const _ of request);
    await endpoint.node(request, response);
  });
  const { status, json } = await server.ask(BASE, posting(YES));
  await server.stop();
  assert.deepEqual([status, json.code], [500, 'internal']);
  assert.match(json.detail, /something has read the body before/);
});

test('what is checked after express.json() is what is used', async () => {
  // Another text of the same value, as nobody but an attacker would send it: the signature is over that text.
  const text = `{"request":{"channel":{"name":"no","name":"yes"},"subscriber":{"id":"a","type":"MEMBER"}}}`;
  const server = await serve(express().use(express.json()).use(endpoint.express));
  const { status } = await server.ask(BASE, posting(text));
  await server.stop();
  assert.equal(status, 401);
});

test('only an object whose read is true or absent is yes, and what is neither yes nor no is named in the log', async () => {
  /** @type {[any, any, RegExp?][]} */
  const rows = [
    [{}, { read: true }],
    [{ read: undefined, write: false }, { read: true }],
    [{ read: false }, { read: false }],
    [[], { read: false, cause: 'bad_answer' }, /not an array/],
    [new Error('no'), { read: false, cause: 'bad_answer' }, /not an Error/],
    [undefined, { read: false, cause: 'bad_answer' }, /not undefined/],
    [true, { read: false, cause: 'bad_answer' }, /not a boolean/],
    [
      { read: 'yes' },
      { read: false, cause: 'bad_answer' },
      /"read" must be true, false or absent, not a string/,
    ],
    [{ read: Promise.resolve(true) }, { read: false, cause: 'bad_answer' }, /not a promise/],
  ];
  for (const [given, expected, reason] of rows) {
    /** @type {string[]} */
    const lines = [];
    const check = /** @type {any} */ (() => given);
    const { fetch } = permissionsEndpoint({ check, secret: SECRET, log: (line) => lines.push(line) });
    const response = await fetch(new Request(`http://backend.example${PATH}`, posting(YES)));
    assert.deepEqual(await response.json(), expected);
    assert.match(lines.join('\n'), reason ?? /^$/);
  }
});

test('without a hook of its own the router of the process decides, and tells which handler', async () => {
  permissionsRouter.add({ name: 'staff' }, (_, { type }) => ({ read: type !== 'Visitor' }));
  permissionsRouter.default(async () => ({}));
  const { fetch } = permissionsEndpoint({ secret: SECRET });
  for (const [channel, type, expected] of /** @type {const} */ ([
    [{ name: 'staff' }, 'Member', { read: true, decidedBy: 'exact' }],
    [{ name: 'staff' }, 'Visitor', { read: false, decidedBy: 'exact' }],
    [{ name: 'staff', resourceId: '1' }, 'Admin', { read: true, decidedBy: 'parent' }],
    [{ name: 'other' }, 'Visitor', { read: true, decidedBy: 'default' }],
  ])) {
    const body = bodyOf(channel, { id: 'x', type });
    const response = await fetch(new Request(`http://backend.example${PATH}`, posting(body)));
    assert.deepEqual(await response.json(), expected);
  }
});

test('questions at the same time are each told their own handler', async () => {
  permissionsRouter.add({ name: 'slow' }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { read: true };
  });
  const { fetch } = permissionsEndpoint({ secret: SECRET });
  const names = ['slow', 'staff', 'slow', 'other'];
  const answers = await Promise.all(
    names.map(async (name) => {
      const response = await fetch(new Request(`http://backend.example${PATH}`, posting(bodyOf({ name }))));
      return (await response.json()).decidedBy;
    }),
  );
  assert.deepEqual(answers, ['exact', 'exact', 'exact', 'default']);
});

test('a handler that fails again and again does not fill the log', () => {
  /** @type {string[]} */
  const lines = [];
  const faults = new FaultLog((line) => lines.push(line));
  const question = { channel: { name: 'a', resourceId: '\n' }, subscriber: { id: 'x', type: 'Admin' } };
  for (let count = 0; count < 100; count += 1)
    faults.note(/** @type {any} */ (question), 'no', 5_000 + count);
  assert.deepEqual(
    lines,
    Array(10).fill(String.raw`the permissions handler for "a/\n" failed, asked by Admin "x": no`),
  );
  faults.note(/** @type {any} */ (question), 'no', 6_000);
  assert.equal(lines[10], '90 more permissions handlers failed; their lines are left out');
});

describe('an endpoint that would let anybody ask is not made in passing', () => {
  test('without a secret it throws, and says what to do', (t) => {
    delete process.env.RELAY_PERMISSIONS_SECRET;
    assert.throws(() => permissionsEndpoint({ check: /** @type {any} */ (hook) }), {
      errorCode: 3,
      message: /needs RELAY_PERMISSIONS_SECRET.* { unsigned: true } does without/,
    });
    t.after(() => delete process.env.RELAY_PERMISSIONS_SECRET);
    process.env.RELAY_PERMISSIONS_SECRET = 'one,two';
    assert.doesNotThrow(() => permissionsEndpoint());
  });

  test('unsigned, it answers whoever asks', async () => {
    const open = permissionsEndpoint({ check: /** @type {any} */ (hook), unsigned: true });
    const question = { ...posting(YES), headers: { 'content-type': 'application/json' } };
    const response = await open.fetch(new Request(`http://backend.example${PATH}`, question));
    assert.deepEqual(await response.json(), { read: true });
  });

  test('wrong options are named', () => {
    const wrong = /** @type {any} */ (permissionsEndpoint);
    for (const [options, message] of /** @type {[any, RegExp][]} */ ([
      [{ secret: '' }, /secret.*not empty/],
      [{ secret: ['a', 7] }, /secret.*not empty/],
      [{ secret: 's', check: { read: true } }, /check is realtime_check_permission, not an object/],
      [{ secret: 's', timeoutMs: 0 }, /timeoutMs/],
      [{ secret: 's', timeoutMs: Infinity }, /timeoutMs/],
    ])) {
      assert.throws(() => wrong(options), { errorCode: 3, message });
    }
  });
});
