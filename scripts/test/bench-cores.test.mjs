/** Cores for pages that are measured: whose process runs where, while they are. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { separatePages } from '../bench/browser-cores.mjs';

/** @param {number | 'self'} pid */
const coresOf = (pid) =>
  /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

/**
 * A process that says when it is there, and stays.
 *
 * @param {string[]} args by which a browser's processes are told apart
 */
async function start(...args) {
  const script = "process.stdout.write('there'); setInterval(() => {}, 1000)";
  const child = spawn(process.execPath, ['-e', script, '--', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return { child, pid: child.pid ?? 0 };
}

test('a page has a core of its own, all that feeds it another one, and afterwards this process has its own back', async () => {
  const before = coresOf('self');
  const hasTwo = availableParallelism() > 1;
  const started = await Promise.all([
    start('--type=renderer', '--lang=en'),
    start('-contentproc', '-childID', '1', 'tab'),
    start('-contentproc', 'socket'),
    start('--type=utility'),
  ]);
  const { isDone, undo } = separatePages();
  try {
    const [chromium, firefox, ...others] = started.map(({ pid }) => coresOf(pid));
    assert.equal(isDone, hasTwo);
    if (isDone) {
      assert.match(String(chromium), /^\d+$/, 'one core');
      assert.equal(firefox, chromium);
      for (const other of [...others, coresOf('self')]) {
        assert.match(String(other), /^\d+$/, 'one core');
        assert.notEqual(other, chromium);
      }
    }
  } finally {
    undo();
    for (const { child } of started) child.kill();
  }
  assert.equal(coresOf('self'), before);
});

test('without a page nothing is done, and everything keeps its cores', async () => {
  const before = coresOf('self');
  const { child, pid } = await start('--type=utility');
  try {
    assert.equal(separatePages().isDone, false);
    assert.deepEqual([coresOf('self'), coresOf(pid)], [before, before]);
  } finally {
    child.kill();
  }
});
