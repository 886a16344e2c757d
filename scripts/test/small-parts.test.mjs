/** Options, ports, durations, versions and programs: the small parts that scripts are put together from. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname } from 'node:path';
import { test } from 'node:test';
import { Advice } from '../lib/failure.mjs';
import { duration } from '../lib/log.mjs';
import { portNumber, readOptions, wholeMinutes } from '../lib/options.mjs';
import { freePort, freePortNear, isFree, LOOPBACK } from '../lib/ports.mjs';
import { crateVersionIn, testedRelay } from '../lib/project.mjs';
import { gist } from '../lib/run.mjs';
import { requireNode, requireRust } from '../lib/versions.mjs';
import { which } from '../lib/which.mjs';

test('durations are written for people', () => {
  assert.deepEqual([400, 9_949, 12_000, 59_600, 185_000].map(duration), [
    '0.4 s',
    '9.9 s',
    '12 s',
    '1 min 00 s',
    '3 min 05 s',
  ]);
});

test('an unknown option is refused with the help', () => {
  const known = /** @type {const} */ ({ port: { type: 'string' } });
  assert.deepEqual({ ...readOptions(known, 'HELP', ['--port', '81']) }, { port: '81' });
  assert.throws(() => readOptions(known, 'HELP', ['--prot', '81']), /--prot.*HELP/s);
  assert.throws(() => readOptions(known, 'HELP', ['word']), Advice);
});

test('a port is a number from 1 to 65535', () => {
  assert.equal(portNumber('port', '8080'), 8080);
  for (const wrong of ['0', '65536', '-1', '80.5', 'http', ''])
    assert.throws(() => portNumber('port', wrong), Advice);
});

test('minutes are a whole number from 1 on', () => {
  assert.equal(wholeMinutes('minutes', '90'), 90);
  for (const wrong of ['0', '-1', '0.5', 'long', ''])
    assert.throws(() => wholeMinutes('minutes', wrong), Advice);
});

test('a taken port is noticed and another one found', async (context) => {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, LOOPBACK, () => resolve(undefined)));
  context.after(() => server.close());
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  assert.equal(await isFree(address.port), false);
  assert.notEqual(await freePortNear(address.port), address.port);
});

test('a free port is told once, and is none that the system gives to whoever asks for any', async () => {
  const range = '/proc/sys/net/ipv4/ip_local_port_range';
  const firstGiven = existsSync(range) ? Number.parseInt(readFileSync(range, 'utf8'), 10) : 32_768;
  const ports = [];
  for (let n = 0; n < 200; n += 1) ports.push(await freePort());
  assert.equal(new Set(ports).size, 200);
  for (const port of ports) assert.ok(port > 1023 && (port < firstGiven || firstGiven < 11_240), `${port}`);
  assert.ok(await isFree(ports[0] ?? 0));
});

test("a crate's version is read from the lock file, and only that crate's", () => {
  const lockFile =
    '[[package]]\nname = "wasm-bindgen-macro"\nversion = "0.9.9"\n\n[[package]]\nname = "wasm-bindgen"\nversion = "0.2.130"\n';
  assert.equal(crateVersionIn(lockFile, 'wasm-bindgen'), '0.2.130');
  assert.throws(() => crateVersionIn(lockFile, 'bindgen'), /names no crate bindgen/);
});

test('programs are found in the order of preference, folders are not programs', () => {
  const folder = dirname(process.execPath);
  const node = basename(process.execPath);
  assert.equal(which(['absent', node], folder), process.execPath);
  assert.equal(which(['absent'], folder), undefined);
  assert.equal(which([basename(folder)], dirname(folder)), undefined);
});

test('what a step is busy with is quoted without colours, indent and excess', () => {
  assert.equal(gist('   \u001b[1mCompiling\u001b[0m tokio v1.54.0'), 'Compiling tokio v1.54.0');
  assert.equal(gist('x'.repeat(100)).length, 70);
});

test('a relay that is not there is told by its path and by what helps', (context) => {
  const before = process.env.RELAY_BIN;
  context.after(() => {
    if (before === undefined) delete process.env.RELAY_BIN;
    else process.env.RELAY_BIN = before;
  });
  process.env.RELAY_BIN = '/nowhere/relay';
  assert.throws(testedRelay, /There is no relay at \/nowhere\/relay: build it .* in RELAY_BIN/);
  process.env.RELAY_BIN = process.execPath;
  assert.equal(testedRelay(), process.execPath);
});

test('a Node or a Rust that is too old is refused by name, with what is needed', () => {
  for (const old of ['16.20.2', '20.5.1', '9.99.0'])
    assert.throws(
      () => requireNode(old),
      new RegExp(`This is Node ${old}, and Node 20\\.6 or newer is needed`),
    );
  for (const good of ['20.6.0', '20.20.2', '22.0.0', '25.0.0-nightly']) requireNode(good);
  assert.throws(
    () => requireRust('rustc 1.63.0 (4b91a6ea7 2022-08-08)'),
    /This is Rust 1\.63\.0, and Rust 1\.95 or newer is needed: "rustup update stable"/,
  );
  for (const good of ['rustc 1.95.0 (f2d3ce0bd 2026-03-21)', 'rustc 2.0.0-nightly', 'a compiler of your own'])
    requireRust(good);
});
