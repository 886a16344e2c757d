/** Two runs of the scripts that want the same: one waits, and nobody waits for who is gone. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { takeLock, withLock } from '../lib/lock.mjs';
import { run } from '../lib/run.mjs';

const LOCK_MODULE = new URL('../lib/lock.mjs', import.meta.url).href;

/** @param {import('node:test').TestContext} context */
function lockFile(context) {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return { folder, file: join(folder, 'lock') };
}

/** A process that is gone. */
const deadProcess = async () => Number(await run(process.execPath, ['-e', 'console.log(process.pid)']));

test('a lock whose owner is gone is taken over, and nothing is left of it after its release', async (context) => {
  const { folder, file } = lockFile(context);
  writeFileSync(file, String(await deadProcess()));
  const release = await takeLock(file, 'does the same');
  assert.match(readFileSync(file, 'utf8'), new RegExp(`^${process.pid}\\b`));
  release();
  assert.deepEqual(readdirSync(folder), []);
});

test('an owner whose number another process has by now is gone', {
  skip: existsSync('/proc/self/stat') ? false : 'the system does not tell when a process started',
}, async (context) => {
  const { file } = lockFile(context);
  // Process 1 is there, and started at another time than this.
  writeFileSync(file, '1 123456789123');
  (await takeLock(file, 'does the same'))();
});

test('work under one lock is never done twice at a time, by many processes that begin together', async (context) => {
  const { folder, file } = lockFile(context);
  writeFileSync(file, String(await deadProcess()));
  const log = join(folder, 'log');
  // Each says when it enters and when it leaves; two at a time would be seen.
  const script = `
    import { appendFileSync } from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    import { withLock } from ${JSON.stringify(LOCK_MODULE)};
    for (let n = 0; n < 3; n += 1) await withLock(${JSON.stringify(file)}, 'does the same', async () => {
      appendFileSync(${JSON.stringify(log)}, 'in\\n');
      await setTimeout(5);
      appendFileSync(${JSON.stringify(log)}, 'out\\n');
    });`;
  const workers = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'pipe'] }),
  );
  const ends = await Promise.all(
    workers.map(async (worker) => [await once(worker, 'close'), await text(worker.stderr)]),
  );
  for (const [[code], complaint] of /** @type {any} */ (ends)) assert.equal(code, 0, complaint);
  assert.equal(readFileSync(log, 'utf8'), 'in\nout\n'.repeat(18));
});

test('the lock is given back when the work fails', async (context) => {
  const { file } = lockFile(context);
  await assert.rejects(
    withLock(file, 'fails', async () => assert.fail('no disk')),
    /no disk/,
  );
  assert.equal(existsSync(file), false);
});
