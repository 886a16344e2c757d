/** A run of the benchmarks, with a load generator that is none: whose turn it is, what fails, and what is left of it. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readDecisions } from '../bench/decisions.mjs';
import { addRound } from '../bench/figures.mjs';
import { measure } from '../bench/measure.mjs';
import { renderReport } from '../bench/page.mjs';
import { chooseScenarios } from '../bench/plan.mjs';
import { figuresText, measureRounds, readRequest, writeReport } from '../bench/report.mjs';
import { installPeers } from '../lib/bench-peers.mjs';
import { root } from '../lib/project.mjs';
import { deliveries, emptyRun, sampleRun } from './bench-samples.mjs';

describe('a run', () => {
  /** @type {string} */
  let folder;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-run-'));
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

  test('measures those who take long, and what hardly differs, in fewer rounds, what lies close together more often, and each scenario on its own servers only', async () => {
    const run = { ...emptyRun(['relay', 'bun', 'nats']), complete: false };
    await measureRounds(run, {
      rounds: 5,
      servers: run.servers,
      growthServers: [],
      scenarios: chooseScenarios(['bursts-64', 'bursts-32', 'paced-2000', 'idle-memory']).chosen,
      deadline: Number.POSITIVE_INFINITY,
      measurer: async () => deliveries(1, 1),
      save: () => {},
    });
    const rounds = run.scenarios.map(({ servers }) =>
      Object.entries(servers).map(([name, cell]) => `${name} ${cell.rounds.length}`),
    );
    assert.deepEqual(rounds, [
      ['relay 5', 'bun 5', 'nats 3'],
      ['relay 15', 'bun 15', 'nats 3'],
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
    const how = program(`{ echo "$TMPDIR"; echo "$@"; } > '${join(folder, 'args')}'; echo '${json}'`);
    assert.deepEqual(await measure(durable, 'relay', how), deliveries(5, 6));
    const [temporary = '', args = ''] = readFileSync(join(folder, 'args'), 'utf8').split('\n');
    assert.ok(temporary.startsWith(root), temporary);
    assert.match(args, /^publish --servers relay-machine --rounds 1 --json/);
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
