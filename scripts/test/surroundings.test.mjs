/** What the scripts do where something is missing that is there on most machines: a reader, a home folder. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { homeSettings } from '../lib/home.mjs';

const LIB = new URL('../lib/', import.meta.url).href;

/** @param {import('node:test').TestContext} context */
function scratch(context) {
  const folder = mkdtempSync(join(tmpdir(), 'surroundings-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('a script whose reader has gone ends, and so does what it has started', async (context) => {
  const folder = scratch(context);
  const pidFile = join(folder, 'pid');
  const child = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000)`;
  const script = `
    import { existsSync } from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    import { say } from '${LIB}log.mjs';
    import { main } from '${LIB}main.mjs';
    import { run } from '${LIB}run.mjs';
    await main(async () => {
      run(process.execPath, ['-e', ${JSON.stringify(child)}]).catch(() => {});
      while (!existsSync(${JSON.stringify(pidFile)})) await setTimeout(10);
      for (;;) { say('still here'); await setTimeout(10); }
    });`;
  const program = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  context.after(() => program.kill('SIGKILL'));
  const complaint = text(program.stderr);
  await once(program.stdout, 'data');
  program.stdout.destroy();
  const [code] = await once(program, 'exit');
  assert.equal(code, 141, await complaint);
  assert.equal(await complaint, '');
  assert.equal(existsSync(`/proc/${readFileSync(pidFile, 'utf8')}/exe`), false);
});

test('the first home folder that can be written to is used as it is', (context) => {
  const home = scratch(context);
  assert.deepEqual(homeSettings({ PATH: '/bin' }, [join(home, 'not-there'), home], join(home, 'stand-in')), {
    HOME: home,
  });
  assert.equal(existsSync(join(home, 'stand-in')), false);
});

test('where there is no home, another folder stands in for it', (context) => {
  const folder = scratch(context);
  const standIn = join(folder, 'deep', 'stand-in');
  const file = join(folder, 'file');
  writeFileSync(file, '');
  // To root, every folder can be written.
  for (const home of [join(folder, 'nowhere'), file]) {
    assert.deepEqual(homeSettings({ PATH: '/bin' }, [home, home], standIn), {
      HOME: standIn,
      PATH: `/bin:${join(standIn, '.cargo', 'bin')}`,
    });
    assert.ok(existsSync(standIn));
  }
});

test('settings and toolchains of a home that cannot be written to still count', (context) => {
  const folder = scratch(context);
  const [home, standIn] = [join(folder, 'home'), join(folder, 'stand-in')];
  mkdirSync(join(home, '.cargo', 'bin'), { recursive: true });
  writeFileSync(join(home, '.npmrc'), 'registry=https://registry.example/');
  // Twice: a second run finds what the first has made.
  for (let n = 0; n < 2; n += 1) homeSettings({}, [join(folder, 'nowhere'), home], standIn, () => false);
  assert.equal(readFileSync(join(standIn, '.npmrc'), 'utf8'), 'registry=https://registry.example/');
  assert.ok(lstatSync(join(standIn, '.cargo', 'bin')).isSymbolicLink());
  assert.equal(existsSync(join(standIn, '.pip')), false);
});
