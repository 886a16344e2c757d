/** The page about reliability, of figures that were made up: what it says, and what it says of broken promises. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { root } from '../lib/project.mjs';
import { curveChart } from '../reliability/curve.mjs';
import { renderReliability } from '../reliability/page.mjs';
import { isGood } from '../reliability/parts.mjs';
import { readRequest, writeReliability } from '../reliability/report.mjs';

/** @typedef {import('../reliability/parts.mjs').Figures} Figures */

const spread = { count: 3, p50Ms: 12, p95Ms: 250.5, p99Ms: 1_000, maxMs: 2_500 };
const gauges = { residentBytes: 20e6, descriptors: 12, tasks: 9, sessions: 0, subscriptions: 0, channels: 0 };
const counts = { delivered: 2_000, doubled: 0, missedAndTold: 0, missedUntold: 0 };
const verdict = {
  violations: [],
  published: 500,
  acknowledged: 498,
  putOff: 3,
  refused: 1,
  unknown: 1,
  delivered: 4_000,
  outages: 30,
  whole: 40,
  gapsTold: 5,
  denied: 5,
  relaysEnded: 3,
};

/** @returns {Figures} */
function figures() {
  const how = {
    command: 'npm run reliability',
    began: '2026-01-02T03:04:05Z',
    commit: 'abc',
    machine: 'm',
    relay: '1',
  };
  const trial = {
    seed: 7,
    seconds: 30,
    deeds: { 'relay: Kill': 2, 'network: Cut': 9 },
    lacks: ['a full disk: no root'],
  };
  const avalanche = {
    clients: 1_000,
    isKilled: true,
    back: 1_000,
    goneS: 0.5,
    backAfter: spread,
    relayCpuS: 1,
  };
  return {
    format: 1,
    parts: {
      faults: {
        ...how,
        result: [
          { ...trial, keeps: 'memory', verdict },
          { ...trial, seed: 8, keeps: 'process', verdict: { ...verdict, gapsTold: 0 } },
        ],
      },
      jitter: {
        ...how,
        result: {
          ...{ clients: 20, seconds: 180, published: 100, cuts: 240, whole: 240, counts, normal: spread },
          ...{ returnedTold: spread, returnedAlone: spread, relayCpuS: 1.25 },
        },
      },
      avalanche: {
        ...how,
        result: [{ ...avalanche, keeps: 'memory', published: 10, counts: { ...counts, missedAndTold: 7 } }],
      },
      soak: {
        ...how,
        result: {
          ...{
            seconds: 1_800,
            warmUpSeconds: 360,
            clients: 9_000,
            neverThere: 0,
            published: 9_000,
            delivered: 80_000,
            grown: [],
          },
          ...{
            fresh: { ...gauges, residentBytes: 10_000_000 },
            before: gauges,
            after: gauges,
            samples: [0, 900, 1_800].map((s) => ({ s, ...gauges, sessions: 200 })),
          },
        },
      },
    },
  };
}

/** @param {Figures} made */
const page = (made) => renderReliability(made)['reliability.md'] ?? '';

describe('the page about reliability', () => {
  test('it says what became of every message, how long it took and what was left', () => {
    const text = page(figures());
    assert.match(
      text,
      /\| in memory \| 1 \| 30 s \| 500 \| 498 \| 4,000 \| 30 \| 3 \| 40 \| 5 \| \*\*0\*\* \|/,
    );
    assert.match(text, /relay: Kill 4, network: Cut 18/);
    assert.match(text, /Not tried here: a full disk: no root\./);
    assert.match(text, /Seeds 7 to 8/);
    assert.match(text, /\| 2,000 \| 2,000 \| \*\*100 %\*\* \| 0 \| 0 \| 240 \| 1\.25 s \|/);
    assert.match(text, /page told \| 3 \| 12 ms \| 251 ms \| 1,000 ms \| 2,500 ms \|/);
    assert.match(
      text,
      /\| killed \(SIGKILL\) \| in memory \| 100 % \| 0\.5 s \| 0\.01 s \| 0\.25 s \| 2\.5 s \| 7 \| \*\*0\*\* \|/,
    );
    assert.match(text, /\| memory \| 10\.0 MB \| 20\.0 MB \| 20\.0 MB \|/);
    assert.match(text, /Everything is back where it was/);
    assert.match(text, /## What these found\n\n- /);
  });

  test('a broken promise is in bold, with its seed, and growth is named', () => {
    const made = figures();
    const { faults, soak, jitter } = made.parts;
    assert.ok(faults?.result[0] && soak && jitter);
    const violation = { kind: 'lost', client: 3, channel: 'news', detail: 'publish 9 never came' };
    faults.result[0] = { ...faults.result[0], verdict: { ...verdict, violations: [violation] } };
    soak.result.grown = ['40 tasks where there were 9: at most 14 may remain'];
    jitter.result.counts = { ...counts, delivered: 1_999, missedUntold: 1 };
    const text = page(made);
    assert.match(text, /\*\*Broken promises:\*\*\n\n- seed 7, memory: lost in news: publish 9 never came/);
    assert.match(text, /\*\*It has grown:\*\* 40 tasks/);
    assert.match(text, /\*\*99\.9500 %\*\* \| 0 \| 1 \|/);
    for (const name of /** @type {const} */ (['faults', 'soak', 'jitter']))
      assert.equal(isGood(name, made.parts), false);
  });

  test('a part that was not run is named, and what is there stays', () => {
    const made = figures();
    delete made.parts.soak;
    const files = renderReliability(made);
    assert.match(files['reliability.md'] ?? '', /\*\*Not run yet:\*\* soak\./);
    assert.equal('reliability/soak.svg' in files, false);
    assert.equal(isGood('soak', made.parts), false);
  });

  test('with the history in memory a gap that was told is right; on a disk it is not', () => {
    const made = figures();
    assert.equal(isGood('avalanche', made.parts), true);
    const avalanche = made.parts.avalanche?.result[0];
    assert.ok(avalanche);
    avalanche.keeps = 'process';
    assert.equal(isGood('avalanche', made.parts), false);
    assert.equal(isGood('faults', made.parts), true);
  });

  test('figures, page and plot are written together', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reliability-test-'));
    try {
      assert.equal(writeReliability(figures(), folder), join(folder, 'reliability.md'));
      assert.deepEqual(
        JSON.parse(readFileSync(join(folder, 'reliability', 'figures.json'), 'utf8')),
        figures(),
      );
      assert.match(readFileSync(join(folder, 'reliability', 'soak.svg'), 'utf8'), /^<svg /);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('the page in docs is what its figures give', () => {
    const file = join(root, 'docs', 'reliability', 'figures.json');
    assert.ok(existsSync(file), 'there are figures; npm run reliability makes them');
    for (const [path, content] of Object.entries(renderReliability(JSON.parse(readFileSync(file, 'utf8')))))
      assert.equal(
        readFileSync(join(root, 'docs', path), 'utf8'),
        content,
        `docs/${path}; npm run reliability -- page`,
      );
  });
});

test('a curve is drawn within its frame, from zero', () => {
  const points = [0, 5, 10].map((x) => ({ x, y: x * 3 }));
  const svg = curveChart('a < b', { x: 'minutes', y: 'MB' }, [{ label: 'memory', colour: 0, points }]);
  assert.match(svg, /aria-label="a &lt; b"/);
  const places =
    /points="([^"]*)"/
      .exec(svg)?.[1]
      ?.split(' ')
      .map((place) => place.split(',').map(Number)) ?? [];
  assert.equal(places.length, 3);
  for (const [x = Number.NaN, y = Number.NaN] of places)
    assert.ok(x >= 64 && x <= 630 && y >= 64 && y <= 296, `${x} ${y}`);
  assert.deepEqual(places[0], [64, 296]);
});

describe('the command line', () => {
  test('a part, its length and its seed are read; all parts without one', () => {
    const request = readRequest(['soak', '--minutes', '0.5', '--seed', '9', '--quick']);
    assert.deepEqual([request.names, request.minutes, request.seed, request.quick], [['soak'], 0.5, 9, true]);
    assert.match(request.out, /\.build\/reliability$/);
    assert.equal(readRequest([]).names.length, 4);
    assert.equal(readRequest(['--seed', '3']).seed, 3);
    assert.deepEqual(readRequest(['page']).names, []);
  });

  test('what is not right is refused with what would be', () => {
    assert.throws(() => readRequest(['storm']), /no part "storm"[\s\S]*avalanche/);
    assert.throws(() => readRequest(['soak', '--minutes', '0']), /--minutes wants a number above 0, not "0"/);
    assert.throws(() => readRequest(['--seed', 'x']), /--seed wants a whole number, not "x"/);
    assert.throws(
      () => readRequest(['jitter', '--clients', '1.5']),
      /--clients wants a whole number above 0/,
    );
  });
});
