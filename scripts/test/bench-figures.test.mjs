/** What is made of single figures: medians, advantages, and plots. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { advantage, median, ratioOf, rounded } from '../bench/figures.mjs';
import { barChart, lineChart } from '../bench/plot.mjs';
import { sampleRun } from './bench-samples.mjs';

describe('figures', () => {
  test('a median is in the middle', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(median([7]), 7);
    assert.equal(median([]), undefined);
  });

  test('numbers keep three digits', () => {
    const texts = [13_254_321, 999_600, 1_234, 321.4, 32.14, 3.214, 0.0604, 0].map(rounded);
    assert.deepEqual(texts, ['13,300,000', '1,000,000', '1,230', '321', '32.1', '3.21', '0.060', '0.000']);
  });

  test('a ratio is that of the same turns, and of medians where the turns were not the same', () => {
    /** @param {number[]} values @param {string[]} [failures] */
    const cell = (values, failures = []) => ({
      rounds: values.map((deliveries) => ({ deliveries })),
      failures,
    });
    const kinds = { deliveries: { unit: '/s', better: /** @type {const} */ ('higher') } };
    /** @param {ReturnType<typeof cell>} other */
    const beside = (other) =>
      ratioOf(
        { id: 'any', figures: kinds, servers: { one: cell([6, 6, 12]), other } },
        'one',
        'other',
        'deliveries',
      );
    // A machine that is twice as fast from time to time: by medians 6 to 8 would be 0.75.
    assert.equal(beside(cell([4, 4, 8])), 1.5);
    assert.equal(beside(cell([4, 8, 8])), 1.5);
    assert.equal(beside(cell([8, 8])), 0.75);
    assert.equal(beside(cell([8, 8, 8], ['it stalled'])), 0.75);
    assert.equal(beside(cell([])), undefined);
    assert.equal(ratioOf(undefined, 'one', 'other', 'deliveries'), undefined);
  });

  test('an advantage is above 1 when the relay is better, whichever way a figure counts', () => {
    const run = sampleRun();
    const [bursts] = run.scenarios;
    assert.ok(bursts);
    assert.equal(advantage(bursts, 'bun', 'deliveries'), 2);
    assert.ok((advantage(bursts, 'bun', 'server CPU per delivery') ?? 0) > 1.9);
    assert.equal(advantage(bursts, 'bun', 'cores busy with others'), undefined);
    assert.equal(advantage(bursts, 'ws', 'deliveries'), undefined);
  });
});

describe('plots', () => {
  const bars = barChart('Deliveries <of> "a" & b', [
    { label: 'relay', value: 10, text: '10/s', colour: 0 },
    { label: 'Bun', value: 5, text: '5/s', colour: 2 },
  ]);

  test('follow a light and a dark page, and name themselves to those who cannot see them', () => {
    assert.match(bars, /prefers-color-scheme: dark/);
    assert.match(bars, /role="img" aria-label="Deliveries &lt;of&gt; &quot;a&quot; &amp; b"/);
    assert.doesNotMatch(bars, /NaN|undefined|Infinity/);
  });

  test('bars are as long as their values', () => {
    const widths = [...bars.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
    assert.equal(widths.length, 2);
    assert.equal((widths[0] ?? 0) / (widths[1] ?? 1), 2);
  });

  test('equal factors are equal distances on the axes of a line plot', () => {
    const svg = lineChart('growth', { x: 'x', y: 'y' }, [
      { label: 'relay', colour: 0, points: [1, 10, 100].map((x) => ({ x, y: 10 / x })) },
    ]);
    const points = /points="([^"]+)"/
      .exec(svg)?.[1]
      ?.split(' ')
      .map((point) => point.split(',').map(Number));
    const [first = [], second = [], third = []] = points ?? [];
    for (const axis of [0, 1]) {
      const [a = 0, b = 0, c = 0] = [first[axis], second[axis], third[axis]];
      assert.ok(Math.abs(b - a - (c - b)) < 0.05 && b !== a, svg);
    }
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  });

  test('a line that is flat is drawn', () => {
    const points = [
      { x: 1, y: 1 },
      { x: 10, y: 1 },
    ];
    const svg = lineChart('flat', { x: 'x', y: 'y' }, [{ label: 'relay', colour: 0, points }]);
    assert.match(svg, /<polyline points="[\d., ]+"/);
  });
});
