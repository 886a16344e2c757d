/** The benchmark page, of figures that were made up: what it says, and what it says of losses and failures. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readDecisions } from '../bench/decisions.mjs';
import { addRound, advantage, median, rounded } from '../bench/figures.mjs';
import { measure } from '../bench/measure.mjs';
import { renderReport } from '../bench/page.mjs';
import { chooseScenarios, SCENARIOS } from '../bench/plan.mjs';
import { barChart, lineChart } from '../bench/plot.mjs';
import { figuresText, measureRounds, readRequest, writeReport } from '../bench/report.mjs';
import { installPeers } from '../lib/bench-peers.mjs';
import { root } from '../lib/project.mjs';

/** @typedef {import('../bench/figures.mjs').Run} Run */

/** @returns {Run} */
const emptyRun = (servers = ['relay', 'bare', 'bun']) => ({
  format: 1,
  command: 'npm run bench -- report --rounds 2',
  began: '2026-01-02T03:04:05.000Z',
  commit: 'abc1234',
  machine: 'a processor, 2 cores, Linux 1.2',
  versions: { relay: '0.1.0', Bun: '1.0.0' },
  how: { rounds: 2, seconds: 1, patience: 3 },
  servers,
  missing: [],
  complete: true,
  scenarios: [],
});

/** @param {Record<string, [number, string, 'higher' | 'lower' | 'neither']>} figures */
const printed = (figures) => ({
  printed: {
    machine: 'a machine',
    scenarios: [
      {
        figures: Object.entries(figures).map(([name, [value, unit, better]]) => ({
          name,
          unit,
          better,
          servers: { 'as people call it': { median: value } },
        })),
      },
    ],
  },
});

/** @param {number} rate @param {number} cost */
const deliveries = (rate, cost) =>
  printed({
    deliveries: [rate, '/s', 'higher'],
    'server CPU per delivery': [cost, 'µs', 'lower'],
    'cores busy with others': [0.01, '', 'neither'],
  });

function sampleRun() {
  const run = emptyRun();
  for (const [server, rates] of /** @type {const} */ ([
    ['relay', [9_000_000, 11_000_000]],
    ['bare', [20_000_000, 20_000_000]],
    ['bun', [5_000_000, 5_000_000]],
  ])) {
    for (const rate of rates) addRound(run, 'bursts-64', server, deliveries(rate, 1e6 / rate));
  }
  addRound(run, 'many-channels', 'relay', deliveries(1_000_000, 0.9));
  addRound(run, 'many-channels', 'bun', deliveries(1_250_000, 0.8));
  addRound(run, 'many-channels', 'bare', { failure: 'nothing came for 10 seconds, `for` answers' });
  for (const at of [100, 1_000, 10_000]) {
    addRound(run, `subscribers-${at}`, 'relay', deliveries(1e6, 10 / Math.log10(at)));
    addRound(run, `subscribers-${at}`, 'bun', deliveries(1e6, 2));
  }
  return run;
}

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

  test('says beside a goal about growth what the same growth costs others', () => {
    assert.match(
      section('What was to be reached'),
      /100 to 10,000 subscribers \| .* \| 0\.500 \| reached; beside it: Bun 1\.00 \|/,
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

describe('a run', () => {
  /** @type {string} */
  let folder;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-report-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const [scenario] = chooseScenarios(['bursts-64']).chosen;
  assert.ok(scenario);

  /** @param {string} script what stands in for the load generator */
  function program(script) {
    const file = join(folder, 'load-generator');
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return { seconds: 1, patience: 0, env: {}, program: file };
  }

  test('takes turns, and a server that fails costs its own cells only', async () => {
    const run = { ...emptyRun(['relay', 'bun']), complete: false };
    /** @type {string[]} */
    const order = [];
    let saves = 0;
    await measureRounds(run, {
      rounds: 2,
      servers: run.servers,
      growthServers: ['relay'],
      scenarios: chooseScenarios(['bursts-64', 'channels-10']).chosen,
      deadline: Number.POSITIVE_INFINITY,
      measurer: async ({ id }, server) => {
        order.push(`${id} ${server}`);
        return server === 'bun' ? { failure: 'it does not start' } : deliveries(1, 1);
      },
      save: () => {
        saves++;
      },
    });
    const round = ['bursts-64 relay', 'bursts-64 bun', 'channels-10 relay'];
    assert.deepEqual(order, [...round, ...round]);
    assert.equal(saves, 4);
    assert.equal(run.complete, true);
    const cells = run.scenarios[0]?.servers;
    assert.deepEqual(cells?.bun, { rounds: [], failures: ['it does not start', 'it does not start'] });
    assert.equal(cells?.relay?.rounds.length, 2);
  });

  test('measures those who take long, and what hardly differs, in fewer rounds, and each scenario on its own servers only', async () => {
    const run = { ...emptyRun(['relay', 'bun', 'nats']), complete: false };
    await measureRounds(run, {
      rounds: 5,
      servers: run.servers,
      growthServers: [],
      scenarios: chooseScenarios(['bursts-64', 'paced-2000', 'idle-memory']).chosen,
      deadline: Number.POSITIVE_INFINITY,
      measurer: async () => deliveries(1, 1),
      save: () => {},
    });
    const rounds = run.scenarios.map(({ servers }) =>
      Object.entries(servers).map(([name, cell]) => `${name} ${cell.rounds.length}`),
    );
    assert.deepEqual(rounds, [
      ['relay 5', 'bun 5', 'nats 3'],
      ['relay 5', 'bun 5'],
      ['relay 3', 'bun 3', 'nats 3'],
    ]);
  });

  test('begins nothing after its deadline, and is not complete then', async () => {
    const run = { ...emptyRun(), complete: false };
    const plan = { rounds: 1, servers: run.servers, growthServers: [], scenarios: [scenario], deadline: 0 };
    await measureRounds(run, {
      ...plan,
      measurer: () => assert.fail('it measured'),
      save: () => assert.fail('it saved'),
    });
    assert.deepEqual([run.scenarios, run.complete], [[], false]);
  });

  test('gives the load generator the scenario, and takes what it prints whatever it tells meanwhile', async () => {
    const json = JSON.stringify(deliveries(5, 6).printed);
    const how = program(`echo "$@" > ${join(folder, 'args')}; echo 'a server grumbles' >&2; echo '${json}'`);
    assert.deepEqual(await measure(scenario, 'bun', how), deliveries(5, 6));
    const args = readFileSync(join(folder, 'args'), 'utf8').trim();
    assert.equal(args, 'fanout --burst 64 --servers bun --rounds 1 --json --seconds 1 --patience 0');
  });

  test('reads the times and the rate of permission decisions', () => {
    const told = [
      'in the engine      p50     2.1µs  p99     2.8µs  max    90.0µs',
      'through the pool   p50   812.0ns  p99     1.2ms  max     3.0ms',
      '123456 decisions a second on one thread',
    ].join('\n');
    const run = emptyRun();
    addRound(run, 'decisions', 'relay', readDecisions(told));
    const expected = { decisions: 123_456, 'decision p50': 0.812, 'decision p99': 1_200 };
    assert.deepEqual(run.scenarios[0]?.servers.relay?.rounds, [expected]);
    assert.deepEqual(readDecisions('nothing'), { failure: 'the program told no figures' });
  });

  test('has a history on disk kept below the sources, not in memory', async () => {
    const [durable] = chooseScenarios(['publish-machine']).chosen;
    assert.ok(durable);
    const json = JSON.stringify(deliveries(5, 6).printed);
    const how = program(`echo "$TMPDIR $@" > ${join(folder, 'args')}; echo '${json}'`);
    assert.deepEqual(await measure(durable, 'relay', how), deliveries(5, 6));
    const [temporary = '', ...args] = readFileSync(join(folder, 'args'), 'utf8').trim().split(' ');
    assert.ok(temporary.startsWith(root), temporary);
    assert.match(args.join(' '), /^publish --servers relay-machine --rounds 1 --json/);
  });

  test('tells a failure by the last words of the load generator', async () => {
    const how = program(`echo 'realtime-bench: Bun: it ended' >&2; echo 'a server grumbles' >&2; exit 1`);
    assert.deepEqual(await measure(scenario, 'bun', how), { failure: 'Bun: it ended' });
    assert.deepEqual(await measure(scenario, 'bun', program('echo nonsense')), {
      failure: 'the load generator printed no figures',
    });
    const missing = { ...how, program: join(folder, 'not-there') };
    assert.match(JSON.stringify(await measure(scenario, 'bun', missing)), /ENOENT/);
  });

  test('ends a measurement that hangs', async () => {
    const how = { ...program('sleep 100'), limitMs: 200 };
    assert.deepEqual(await measure(scenario, 'bun', how), { failure: 'it was stopped after 0.2 s' });
  });

  test('leaves figures that give the same page again, and no plot of an earlier run', () => {
    writeReport(sampleRun(), folder);
    assert.ok(existsSync(join(folder, 'benchmarks', 'many-channels.svg')));
    const run = sampleRun();
    run.scenarios = run.scenarios.filter(({ id }) => id !== 'many-channels');
    writeReport(run, folder);
    assert.ok(!existsSync(join(folder, 'benchmarks', 'many-channels.svg')));
    const kept = JSON.parse(readFileSync(join(folder, 'benchmarks', 'figures.json'), 'utf8'));
    assert.equal(figuresText(kept), figuresText(run));
    assert.equal(readFileSync(join(folder, 'benchmarks.md'), 'utf8'), renderReport(kept)['benchmarks.md']);
  });

  test('goes on without the servers that cannot be installed', async () => {
    const { env, versions, missing } = await installPeers(['relay', 'bun', 'nchan'], async ([server]) => {
      if (server === 'nchan') throw new Error('it needs root');
      return server ? { [server]: 'here' } : { BENCH_PEERS: 'a folder' };
    });
    assert.deepEqual(env, { BENCH_PEERS: 'a folder', relay: 'here', bun: 'here' });
    assert.deepEqual(missing, [{ server: 'nchan', why: 'it needs root' }]);
    assert.deepEqual(Object.keys(versions), ['relay', 'Node', 'Bun']);
  });
});

describe('the command line', () => {
  test('chooses rounds, seconds, servers and scenarios', () => {
    const line = [
      '--rounds',
      '3',
      '--seconds=0.5',
      '--servers',
      'bun',
      '--scenarios',
      'publish,growth',
      '--minutes',
      '9',
    ];
    const request = readRequest(line);
    assert.deepEqual([request.rounds, request.seconds, request.minutes], [3, 0.5, 9]);
    assert.deepEqual(request.servers, ['relay', 'bun']);
    const ids = request.scenarios.map(({ id }) => id);
    assert.equal(ids[0], 'publish');
    assert.ok(ids.includes('channels-10000') && ids.includes('payload-65536') && !ids.includes('connect'));
  });

  test('has a quick look that ends by itself and stays out of the documents', () => {
    const request = readRequest(['--quick']);
    assert.ok(request.minutes < 2 && request.rounds === 1);
    assert.deepEqual(request.servers, ['relay', 'bare', 'bun', 'nats']);
    assert.deepEqual(readRequest(['--quick', '--servers', 'ws']).servers, ['relay', 'ws']);
    assert.ok(!request.out.startsWith(join(root, 'docs')));
    assert.equal(readRequest([]).out, join(root, 'docs'));
  });

  test('refuses what it does not know, with what it knows', () => {
    assert.throws(() => readRequest(['--servers', 'apache']), /There is no apache\.\n\n.*npm run bench/);
    assert.throws(() => readRequest(['--scenarios', 'everything']), /There is no everything/);
    assert.throws(() => readRequest(['--rounds', 'many']), /--rounds wants a number above 0, not "many"/);
    assert.throws(() => readRequest(['--fast']), /--fast/);
  });
});
