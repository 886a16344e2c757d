/** `npm start` as README.md tells a person to use it: the page is there, and nothing is left when it stops. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { freePort, isFree } from '../lib/ports.mjs';
import { root } from '../lib/project.mjs';

/** A second or two when all is built, as it is in `npm test`; the rest is for a build when this runs by itself. */
const START_LIMIT_MS = 600_000;

/** The script says where the page is with these words. */
const PAGE_ADDRESS = /is at\s+(http:\S+)/;

/**
 * Starts the script at ports that it is told, and waits until it says where the page is.
 *
 * @param {import('node:test').TestContext} context
 */
async function started(context) {
  const ports = { page: await freePort(), relay: await freePort() };
  const flags = ['--port', String(ports.page), '--relay-port', String(ports.relay)];
  return { ports, ...(await startedWith(context, flags)) };
}

/**
 * @param {import('node:test').TestContext} context
 * @param {string[]} flags
 */
async function startedWith(context, flags) {
  const script = spawn(process.execPath, [join(root, 'scripts', 'start.mjs'), ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => script.kill('SIGTERM'));
  const ended = once(script, 'close').then(([code]) => code);
  /** @type {string[]} */
  const lines = [];
  const address = await new Promise((resolve, reject) => {
    ended.then((code) =>
      reject(new Error(`ended with ${code} before the page was there:\n${lines.join('\n')}`)),
    );
    createInterface({ input: script.stdout }).on('line', (line) => {
      lines.push(line);
      const found = PAGE_ADDRESS.exec(line)?.[1];
      if (found) resolve(found);
    });
  });
  return { script, address, lines, ended };
}

/**
 * The processes that a process has started and that still run.
 *
 * @param {number | undefined} pid
 * @returns {{ pid: number; command: string }[]}
 */
function childrenOf(pid) {
  const ids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return ids.map(Number).map((id) => ({ pid: id, command: readFileSync(`/proc/${id}/cmdline`, 'utf8') }));
}

/**
 * @param {string} address
 * @returns {Promise<boolean>} whether anybody is there; who has been killed may be for a moment
 */
function answers(address) {
  return fetch(address).then(
    () => true,
    () => false,
  );
}

/** @param {{ page: number; relay: number }} ports */
async function assertBothFree({ page, relay }) {
  assert.deepEqual([await isFree(page), await isFree(relay)], [true, true]);
}

test('the page is served where it is said to be, and knows the relay', {
  timeout: START_LIMIT_MS,
}, async (context) => {
  const { script, ports, address, ended } = await started(context);
  assert.equal(address, `http://127.0.0.1:${ports.page}`);
  const page = await (await fetch(address)).text();
  assert.match(page, new RegExp(`<meta name="realtime-relay" content="http://127.0.0.1:${ports.relay}">`));
  const health = await fetch(`http://127.0.0.1:${ports.relay}/healthz`);
  assert.equal(health.status, 200);

  script.kill('SIGTERM');
  assert.equal(await ended, 0);
  await assertBothFree(ports);
});

test('two that are started at the same time find a place each, and a second Ctrl-C leaves nothing either', {
  timeout: START_LIMIT_MS,
}, async (context) => {
  const both = await Promise.all([startedWith(context, []), startedWith(context, [])]);
  assert.notEqual(both[0].address, both[1].address);
  for (const { address } of both) assert.equal((await fetch(address)).status, 200);

  for (const { script } of both) {
    script.kill('SIGINT');
    script.kill('SIGINT');
  }
  await Promise.all(both.map(({ ended }) => ended));
  for (const { address } of both) while (await answers(address)) await setTimeout(20);
});

test('when the relay dies, the host is stopped and the exit code tells', {
  timeout: START_LIMIT_MS,
}, async (context) => {
  const { script, ports, lines, ended } = await started(context);
  const relay = childrenOf(script.pid).find(({ command }) => command.includes('/relay\0serve\0'));
  assert.ok(relay, 'the relay is a child of the script');
  process.kill(relay.pid, 'SIGKILL');
  assert.equal(await ended, 1);
  assert.ok(lines.includes('the relay was ended by SIGKILL; stopping the rest'), lines.join('\n'));
  await assertBothFree(ports);
});

test('a port that is asked for and taken is refused, not replaced', {
  timeout: START_LIMIT_MS,
}, async (context) => {
  const { ports } = await started(context);
  const second = spawn(process.execPath, [join(root, 'scripts', 'start.mjs'), '--port', String(ports.page)]);
  /** @type {string[]} */
  const complaint = [];
  second.stderr.on('data', (chunk) => complaint.push(String(chunk)));
  const [code] = await once(second, 'close');
  assert.equal(code, 1);
  assert.match(complaint.join(''), new RegExp(`Port ${ports.page} of 127\\.0\\.0\\.1 is taken`));
});
