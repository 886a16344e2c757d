/** Commands, servers and what they leave behind. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailed } from '../lib/failure.mjs';
import { run } from '../lib/run.mjs';
import { startService } from '../lib/services.mjs';

/** @param {string} script */
const node = (script) => /** @type {const} */ ([process.execPath, ['-e', script]]);

/**
 * Whether a process runs. One that has ended is in the list until its parent has asked for it, which not every machine's
 * first process does.
 *
 * @param {number} pid
 */
function isAlive(pid) {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Much longer than a process takes to end. */
const GONE_LIMIT_MS = 60_000;

/** @param {number} pid */
async function gone(pid) {
  const deadline = performance.now() + GONE_LIMIT_MS;
  while (isAlive(pid) && performance.now() < deadline) await sleep(25);
  return !isAlive(pid);
}

test('a command resolves to what it printed on both of its outputs, and its lines are passed on', async () => {
  /** @type {string[]} */
  const lines = [];
  const output = await run(...node('console.log("out"); console.error("err")'), {
    onLine: (line) => lines.push(line),
  });
  assert.deepEqual(output.split('\n').sort(), ['err', 'out']);
  assert.deepEqual(lines.sort(), ['err', 'out']);
});

test('a failed command tells its exit code and keeps its output', async () => {
  await assert.rejects(run(...node('console.log("why"); process.exit(3)')), (error) => {
    assert.ok(error instanceof CommandFailed);
    assert.match(error.message, /ended with exit code 3$/);
    assert.equal(error.output, 'why');
    return true;
  });
});

test('a command that does not exist fails with its name', async () => {
  await assert.rejects(run('no-such-program-anywhere', []), /no-such-program-anywhere could not be started/);
});

test('a command past its limit is stopped', async () => {
  await assert.rejects(
    run(...node('setInterval(() => {}, 1000)'), { limitMs: 300 }),
    /stopped at its limit of 0.3 s/,
  );
});

test('what a command leaves running ends with it', async () => {
  const child = 'setInterval(() => {}, 1000)';
  const parent = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' });
    console.log(child.pid);
    process.exit(0);`;
  const pid = Number(await run(...node(parent)));
  assert.ok(pid > 0);
  assert.ok(await gone(pid), `process ${pid} is still there`);
});

test('the tail of a failure shows the end of the output and says how much is left out', () => {
  const output = Array.from({ length: 10 }, (_unused, index) => `line ${index}`).join('\n');
  const failure = new CommandFailed({
    commandLine: 'x',
    outcome: 'failed',
    output,
    logFile: '.build/logs/x.log',
  });
  assert.deepEqual(failure.tail(2).split('\n'), [
    '    … 8 earlier lines',
    '    line 8',
    '    line 9',
    '  all of it: .build/logs/x.log',
  ]);
});

test('a server is ready when it says where it listens, and is gone once it is stopped', async () => {
  const script =
    'console.log("listening on http://127.0.0.1:1234"); console.log(process.pid); setInterval(() => {}, 1000)';
  const [command, args] = node(script);
  /** @type {(pid: number) => void} */
  let learn = () => {};
  const pid = new Promise((/** @type {(pid: number) => void} */ resolve) => {
    learn = resolve;
  });
  const onLine = (/** @type {string} */ line) => {
    if (/^\d+$/.test(line)) learn(Number(line));
  };
  const service = await startService({ command, args, onLine });
  assert.equal(service.url, 'http://127.0.0.1:1234');
  const id = await pid;
  assert.ok(isAlive(id));
  await service.stop();
  assert.equal(await service.ended, 'was ended by SIGTERM');
  assert.equal(isAlive(id), false);
});

test('a server that ends instead of listening is a failure with its last words', async () => {
  const [command, args] = node('console.error("port taken"); process.exit(2)');
  await assert.rejects(startService({ command, args }), (error) => {
    assert.ok(error instanceof CommandFailed);
    assert.match(error.message, /ended with exit code 2$/);
    assert.equal(error.output, 'port taken');
    return true;
  });
});
