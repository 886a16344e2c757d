/** The benchmarks in browsers: the stub that clients talk to, and what the page says of clients and of goals. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { DIALECTS } from '../../bench/browser/stub/dialects.mjs';
import { framesOf, textFrame } from '../../bench/browser/stub/frames.mjs';
import { Stub } from '../../bench/browser/stub/server.mjs';
import { comparePairs } from '../bench/browser-turns.mjs';
import { addFigures } from '../bench/figures.mjs';
import { GOALS, judge } from '../bench/goals.mjs';
import { renderReport } from '../bench/page.mjs';
import { SCENARIOS } from '../bench/plan.mjs';
import { measureRounds, readRequest } from '../bench/report.mjs';

/** @typedef {import('../bench/figures.mjs').Run} Run */
/** @typedef {import('../bench/figures.mjs').InBrowsers} InBrowsers */
/** @typedef {keyof typeof DIALECTS} DialectName */

/** What a client of each dialect says to subscribe, and how it reads the numbers of a frame's messages. */
const SPEAKERS = {
  relay: {
    says: ['{"type":"hello"}', '{"type":"subscribe","id":1,"channel":{"name":"bench"}}'],
    isSubscribed: (/** @type {any} */ frame) => frame.type === 'subscribed',
    read: (/** @type {string} */ text) => JSON.parse(text).map((/** @type {any} */ message) => message[2].n),
  },
  centrifuge: {
    says: ['{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"bench"}}'],
    isSubscribed: (/** @type {any} */ frame) => frame.subscribe !== undefined,
    read: (/** @type {string} */ text) => text.split('\n').map((line) => JSON.parse(line).push.pub.data.n),
  },
  pusher: {
    says: ['{"event":"pusher:subscribe","data":{"channel":"bench"}}'],
    isSubscribed: (/** @type {any} */ frame) => frame.event === 'pusher_internal:subscription_succeeded',
    read: (/** @type {string} */ text) => [JSON.parse(JSON.parse(text).data).n],
  },
};

describe('the stub', () => {
  /** @type {Stub} */
  let stub;
  before(async () => {
    stub = await Stub.start({ '/clients/relay.js': 'export const answer = 42;' });
  });
  after(() => stub.stop());

  for (const [dialect, { says, isSubscribed, read }] of Object.entries(SPEAKERS)) {
    test(`subscribes a client that speaks ${dialect}, and feeds it with every message in order`, async () => {
      const name = /** @type {DialectName} */ (dialect);
      const client = new WebSocket(stub.url.replace('http', 'ws') + DIALECTS[name].path, [], {});
      try {
        /** @type {number[]} */
        const numbers = [];
        const [subscribed, fed] = [defer(), defer()];
        let isLive = false;
        client.on('message', (data) => {
          const text = String(data);
          if (isLive) {
            numbers.push(...read(text));
            if (numbers.length >= 1_000) fed.resolve(undefined);
          } else if (isSubscribed(JSON.parse(text))) {
            isLive = true;
            subscribed.resolve(undefined);
          }
        });
        await once(client, 'open');
        for (const text of says) client.send(text);
        await subscribed.promise;
        const together = name === 'pusher' ? 1 : 64;
        const wanted = new URLSearchParams({
          dialect,
          first: '7',
          count: '1000',
          together: String(together),
        });
        assert.equal((await fetch(`${stub.url}/feed?${wanted}`)).status, 204);
        await fed.promise;
        assert.deepEqual(
          numbers,
          Array.from({ length: 1_000 }, (_, index) => index + 7),
        );
      } finally {
        client.terminate();
      }
    });
  }

  test('serves the page, its modules and the bundles, and lets nobody keep them', async () => {
    for (const [path, content] of [
      ['/', '/page/page.js'],
      ['/page/clients.js', 'export const CLIENTS'],
      ['/clients/relay.js', 'answer = 42'],
    ]) {
      const response = await fetch(`${stub.url}${path}`);
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.ok((await response.text()).includes(content ?? ''), path);
    }
  });

  test('says that nobody is there to be fed', async () => {
    const other = await Stub.start({});
    try {
      const response = await fetch(`${other.url}/feed?dialect=relay&count=1`);
      assert.equal(response.status, 500);
      assert.match(await response.text(), /nobody is connected who speaks relay at \/v1\/realtime/);
    } finally {
      await other.stop();
    }
  });
});

/** A promise and what resolves it. */
function defer() {
  /** @type {(value: unknown) => void} */
  let resolve = () => {};
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('frames', () => {
  test('have the three lengths of their protocol', () => {
    assert.deepEqual([...textFrame('ab')], [0x81, 2, 97, 98]);
    assert.deepEqual([...textFrame('x'.repeat(126)).subarray(0, 4)], [0x81, 126, 0, 126]);
    assert.deepEqual(
      [...textFrame('x'.repeat(0x10000)).subarray(0, 10)],
      [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0],
    );
  });

  test('the last one holds what is left over', () => {
    const bytes = Buffer.concat(framesOf('relay', { first: 0, count: 5, together: 2 })).toString('latin1');
    assert.deepEqual(bytes.match(/\[\[|\]\]/g)?.length, 6);
    assert.equal(bytes.match(/"n":\d/g)?.join(), '"n":0,"n":1,"n":2,"n":3,"n":4');
  });
});

/** @param {InBrowsers} inBrowsers @returns {Run} */
const runOf = (inBrowsers) => ({
  format: 1,
  command: 'npm run bench -- sdk',
  began: '2026-01-02T03:04:05.000Z',
  commit: 'abc1234',
  machine: 'a machine',
  versions: {},
  how: { rounds: 5, seconds: 1, patience: 3 },
  servers: [],
  missing: [],
  complete: true,
  scenarios: [],
  inBrowsers,
});

/** @param {Record<string, number>} rates by client @param {InBrowsers} [figures] @param {string} [id] */
function withMessages(rates, figures = nothing(), id = 'chromium-joined') {
  for (const [client, value] of Object.entries(rates))
    addFigures(figures, id, client, { figures: { messages: { value, unit: '/s', better: 'higher' } } });
  return figures;
}

/** @returns {InBrowsers} */
const nothing = () => ({
  browsers: ['Chromium'],
  versions: { Chromium: '1.2', centrifuge: '5.0' },
  sizes: {
    relay: { bytes: 40_000, gzip: 23_000, brotli: 21_000 },
    centrifuge: { bytes: 90_000, gzip: 24_000, brotli: 20_000 },
    pusher: { bytes: 60_000, gzip: 18_000, brotli: 16_000 },
  },
  scenarios: [],
  failures: [],
});

describe('two clients in one page', () => {
  const turns = { pairs: 4, ms: 100, warmUps: 5, steady: 0.1, firstMessages: 64 };

  /** Has them take turns, each turn at the next of these rates, and the last for ever. @param {number[]} rates */
  async function turnsAt(...rates) {
    /** @type {string[]} */
    const order = [];
    /** @type {number[]} */
    const counts = [];
    const pairs = await comparePairs(turns, ['a', 'b'], 64, async (client, count) => {
      order.push(client);
      counts.push(count);
      return (rates.length > 1 ? rates.shift() : rates[0]) ?? 0;
    });
    return { pairs, order: order.join(''), counts };
  }

  test('take turns so that neither is always first, and their rates stay their own', async () => {
    const { pairs, order } = await turnsAt(1_000);
    assert.ok(order.endsWith('abbaabba'), order);
    assert.equal(pairs.length, 4);
    // Two turns of the first pair, then four pairs of warm-ups at most.
    const rising = Array.from({ length: 18 }, (_, index) => 1_000 * 2 ** index);
    const { pairs: own, order: all } = await turnsAt(...rising);
    assert.equal(all.length, 2 * (5 + 4));
    assert.deepEqual(own[0], [rising[10], rising[11]]);
    assert.deepEqual(own[1], [rising[13], rising[12]]);
  });

  test('warm up for as long as one of them still changes', async () => {
    const steady = await turnsAt(1_000);
    const changing = await turnsAt(1_000, 1_000, 1_000, 2_000, 1_000, 4_000, 1_000, 4_000, 1_000);
    assert.equal(steady.order.length, 2 * (3 + 4));
    assert.equal(changing.order.length, 2 * (5 + 4));
  });

  test('get as many whole frames as fill a turn', async () => {
    const { counts } = await turnsAt(100_000);
    assert.deepEqual(counts.slice(0, 3), [64, 64, 9_984]);
  });
});

describe('the section about browsers', () => {
  /** @param {InBrowsers} figures */
  const page = (figures) => renderReport(runOf(figures))['benchmarks.md'] ?? '';

  test('has the downloads, and each client beside ours with losses in bold', () => {
    const text = page(withMessages({ relay: 400, centrifuge: 200, plain: 500, events: 450, stream: 300 }));
    assert.match(text, /\| our SDK \| 40\.0 KB \| 23\.0 KB \| 21\.0 KB \|/);
    assert.match(text, /\| centrifuge-js \| 200\/s \| 2\.00 \|/);
    assert.match(text, /\| plain JavaScript \| 500\/s \| \*\*0\.80\*\* \|/);
    assert.match(text, /Chromium 1\.2/);
  });

  test('says what the border costs, out of the figures', () => {
    const text = page(withMessages({ relay: 400, plain: 500, events: 450, stream: 300 }));
    assert.doesNotMatch(text, /side by side/);
    assert.match(
      text,
      /Chromium, messages joined: .* events 0\.90, wasm by the stream 0\.60, our SDK 0\.80\./,
    );
  });

  test('rates neighbours where they were measured, in tables, border and goals', () => {
    const figures = withMessages({ relay: 400, plain: 500, events: 450, stream: 300 });
    for (const [client, value] of Object.entries({ plain: 0.98, events: 1.05, stream: 1.4 })) {
      const rates = { messages: { value: 100, unit: '/s', better: 'higher' } };
      const paired = { 'our SDK to it': { value, unit: '', better: 'neither' } };
      for (const id of ['chromium-joined', 'chromium-single'])
        addFigures(figures, id, client, { figures: /** @type {any} */ ({ ...rates, ...paired }) });
    }
    const text = page(figures);
    assert.match(text, /\| plain JavaScript \| 300\/s \(100 to 500\) \| \*\*0\.98\*\* \|\n/);
    assert.match(text, /the ratios of two turns side by side/);
    assert.match(text, /joined: .* events 0\.93, wasm by the stream 0\.70, our SDK 0\.98\./);
    assert.match(text, /in Chromium, one message to a frame \| .* \| 0\.980 \| reached \|/);
  });

  test('names what other SDKs do better, and not what plain JavaScript does', () => {
    const text = page(withMessages({ relay: 400, centrifuge: 800, plain: 900 }));
    const losses = text.split('## Where others are ahead')[1]?.split('\n## ')[0] ?? '';
    assert.match(losses, /Download: \*\*pusher-js\*\* has 18\.0 KB with gzip, our SDK 23\.0 KB/);
    assert.match(losses, /64 to a frame, Chromium: \*\*centrifuge-js\*\* is 2\.00 times as good/);
    assert.doesNotMatch(losses, /plain JavaScript|Download: \*\*centrifuge/);
  });

  test('tells what failed, without a reason becoming Markdown', () => {
    const figures = withMessages({ relay: 400 });
    addFigures(figures, 'chromium-joined', 'centrifuge', { failure: 'it `threw`' });
    figures.failures.push('Firefox: it does not start');
    assert.match(page(figures), /- Chromium, centrifuge-js: 1 of 1 failed: `it 'threw'`/);
    assert.match(page(figures), /- In browsers: `Firefox: it does not start`/);
  });
});

describe('goals', () => {
  test('are reached or missed by the figures of the run, and not measured without them', () => {
    const figures = withMessages({ relay: 400, centrifuge: 500 });
    withMessages({ relay: 95, plain: 100, pusher: 50 }, figures, 'chromium-single');
    const text = renderReport(runOf(figures))['benchmarks.md'] ?? '';
    const table = text.split('## What was to be reached')[1]?.split('\n## ')[0] ?? '';
    assert.match(table, /in Chromium, messages joined \| .* 5 × pusher-js.* \| 8\.00 \| reached \|/);
    assert.match(
      table,
      /in Chromium, messages joined \| .* 1 × centrifuge-js.* \| 0\.800 \| \*\*missed\*\* \|/,
    );
    assert.match(table, /in Chromium, one message to a frame \| .* \| 0\.950 \| reached \|/);
    assert.match(table, /1000 subscribers, bursts of 64 \| .* \| – \| not measured \|/);
    assert.match(table, /reached 3 of \d+, missed 1, and did not measure/);
  });

  test('each is about something that is measured', () => {
    /** Answers with a figure whatever is asked for, and notes what was. @type {Set<string>} */
    const asked = new Set();
    const run = runOf(nothing());
    run.scenarios = new Proxy(run.scenarios, {
      get: (target, key) =>
        key === 'find'
          ? (/** @type {(one: { id: string }) => boolean} */ matches) => {
              const id = SCENARIOS.find(matches)?.id;
              asked.add(id ?? 'a scenario that does not exist');
              return undefined;
            }
          : Reflect.get(target, key),
    });
    for (const goal of GOALS) judge(goal, run);
    assert.ok(asked.size > 10);
    assert.ok(!asked.has('a scenario that does not exist'), 'a goal names an unknown scenario');
  });
});

describe('a run with browsers', () => {
  test('measures in them at the end of each round, and begins nothing after its deadline', async () => {
    /** @type {string[]} */
    const order = [];
    const run = runOf(nothing());
    const plan = { rounds: 2, servers: [], growthServers: [], scenarios: [], save: () => {} };
    await measureRounds(run, {
      ...plan,
      deadline: Number.POSITIVE_INFINITY,
      measurer: () => assert.fail('there are no servers'),
      browsers: ['Chromium', 'Firefox'],
      inBrowser: async (browser, round) => void order.push(`${round} ${browser}`),
    });
    assert.deepEqual(order, ['1 Chromium', '1 Firefox', '2 Chromium', '2 Firefox']);
    await measureRounds(run, {
      ...plan,
      deadline: 0,
      measurer: () => assert.fail('there are no servers'),
      browsers: ['Chromium'],
      inBrowser: () => assert.fail('the time is over'),
    });
  });

  test('is what sdk asks for alone, and report with everything else', () => {
    const alone = readRequest(['sdk', '--rounds', '2']);
    assert.deepEqual([alone.scenarios, alone.browsers, alone.rounds], [[], ['Chromium', 'Firefox'], 2]);
    assert.doesNotMatch(alone.out, /\/docs$/);
    assert.deepEqual(readRequest(['report']).browsers, ['Chromium', 'Firefox']);
    assert.deepEqual(readRequest(['--quick']).browsers, ['Chromium']);
    assert.deepEqual(readRequest(['--browsers', 'none']).browsers, []);
    assert.throws(() => readRequest(['sdk', '--browsers', 'Lynx']), /There is no Lynx/);
  });
});
