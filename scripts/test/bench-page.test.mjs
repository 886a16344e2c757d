/** The benchmark page, of figures that were made up: what it says, and what it says of losses and failures. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { addRound } from '../bench/figures.mjs';
import { renderReport } from '../bench/page.mjs';
import { SCENARIOS } from '../bench/plan.mjs';
import { root } from '../lib/project.mjs';
import { deliveries, emptyRun, printed, sampleRun } from './bench-samples.mjs';

describe('the page', () => {
  const files = renderReport(sampleRun());
  const page = files['benchmarks.md'] ?? '';
  /** @param {string} title */
  const section = (title) => page.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '';

  test('begins with ratios of medians, the relay to each other server, losses in bold', () => {
    const table = section('The relay beside the others');
    assert.match(table, /\| scenario \| figure \| relay \| vs bare loop \| vs Bun \|/);
    assert.match(table, /bursts of 64 \| deliveries \| 10,000,000\/s \| \*\*0\.50\*\* \| 2\.00 \|/);
    assert.match(
      table,
      /1000 channels × 1 subscriber \| deliveries \| 1,000,000\/s \| failed \| \*\*0\.80\*\* \|/,
    );
  });

  test('rates growth by what the same growth costs the kernel, and says what it costs everybody', () => {
    assert.match(
      section('What was to be reached'),
      /100 to 10,000 subscribers \| .* \| 0\.250 \| reached; beside it: relay × 0\.500, bare loop × 2\.00, Bun × 1\.00 \|/,
    );
  });

  test('names everything that another server did better, and not what only the bare loop did', () => {
    const told = section('Where others are ahead');
    assert.match(told, /- 1000 channels × 1 subscriber: \*\*Bun\*\* is 1\.25 times as good in deliveries/);
    assert.match(
      told,
      /\*\*Bun\*\* is 1\.13 times as good in server CPU per delivery \(0\.800 µs, relay 0\.900 µs\)/,
    );
    assert.doesNotMatch(told, /bare loop|bursts of 64/);
  });

  test('says so when nobody was ahead', () => {
    const run = emptyRun();
    addRound(run, 'bursts-64', 'relay', deliveries(10, 1));
    addRound(run, 'bursts-64', 'bun', deliveries(9, 1.01));
    assert.match(
      renderReport(run)['benchmarks.md'] ?? '',
      /Nowhere in this run: .*Bun ahead by more than 3 %/,
    );
  });

  test('tells machine, versions, commit and command', () => {
    for (const fact of [
      'a processor, 2 cores',
      'Bun 1.0.0',
      'abc1234',
      '`npm run bench -- report --rounds 2`',
      '2026-01-02',
    ]) {
      assert.ok(page.includes(fact), fact);
    }
  });

  test('shows medians with the lowest and the highest round, and how many rounds there were', () => {
    assert.match(page, /\| deliveries \| 10,000,000\/s \(9,000,000 to 11,000,000\) \|/);
    assert.match(page, /\| rounds \| 2 \| 2 \| 2 \|/);
  });

  test('tells what failed and why, without a reason becoming Markdown', () => {
    const told = section('What failed');
    assert.match(
      told,
      /bare loop, 1000 channels .*: 1 of 1 rounds failed: `nothing came for 10 seconds, 'for' answers`/,
    );
  });

  test('tells which servers are missing, that a run was cut short, and that others kept the machine busy', () => {
    const run = { ...sampleRun(), complete: false, missing: [{ server: 'nchan', why: 'no root' }] };
    addRound(run, 'publish', 'relay', printed({ 'cores busy with others': [1.3, '', 'neither'] }));
    const text = renderReport(run)['benchmarks.md'] ?? '';
    assert.match(text, /Nchan could not be installed: `no root`/);
    assert.match(text, /The run was cut short/);
    assert.match(text, /more than 0\.15 cores busy during 1 of \d+ rounds, 1\.30 cores at the worst/);
    assert.doesNotMatch(page, /cut short|What failed\n\n$/);
  });

  test('shows every plot that is written, and only those', () => {
    const shown = [...page.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, path]) => path);
    const written = Object.keys(files).filter((path) => path.endsWith('.svg'));
    assert.deepEqual(shown, written);
    assert.deepEqual(written, [
      'benchmarks/bursts-64.svg',
      'benchmarks/many-channels.svg',
      'benchmarks/growth-subscribers.svg',
    ]);
  });

  test('is made of a run without any figure, too', () => {
    assert.match(renderReport({ ...emptyRun(), complete: false })['benchmarks.md'] ?? '', /^# Benchmarks\n/);
  });

  test('has a heading of its own for each scenario, with what it does', () => {
    const run = emptyRun();
    for (const { id } of SCENARIOS) addRound(run, id, 'relay', deliveries(1, 1));
    const text = renderReport(run)['benchmarks.md'] ?? '';
    for (const { does, title, growth } of SCENARIOS) {
      assert.ok(text.includes(does), does);
      assert.ok(growth || text.includes(`\n### ${title}\n`), title);
    }
  });
});

describe('the page in docs/', () => {
  const docs = join(root, 'docs');
  const source = join(docs, 'benchmarks', 'figures.json');

  test('is what its figures give, plots included, or is not there at all', () => {
    /** @type {Record<string, string>} */
    const expected = existsSync(source) ? renderReport(JSON.parse(readFileSync(source, 'utf8'))) : {};
    const plots = existsSync(join(docs, 'benchmarks')) ? readdirSync(join(docs, 'benchmarks')) : [];
    const there = [
      ...(existsSync(join(docs, 'benchmarks.md')) ? ['benchmarks.md'] : []),
      ...plots.filter((name) => name.endsWith('.svg')).map((name) => `benchmarks/${name}`),
    ];
    assert.deepEqual(there.sort(), Object.keys(expected).sort());
    for (const path of there) assert.equal(readFileSync(join(docs, path), 'utf8'), expected[path], path);
  });
});
