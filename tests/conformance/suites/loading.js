/**
 * How the SDK starts: from one file, under security policies, in old browsers, and in a worker.
 *
 * @module
 */

import { assert } from 'chai';
import { Frame } from '../page/frames.js';
import { hands } from '../page/hands.js';
import { rejection } from '../page/outcomes.js';
import { it } from '../page/runner.js';
import { entryOf } from '../page/sdk.js';
import { Calls, until } from '../page/waiting.js';

it('takes one file of the package, whatever is subscribed', async ({ channel, link }) => {
  const frame = await Frame.open({ relay: link.url });
  await frame.realtime.subscribe(channel, () => {});
  const asked = frame.window.performance
    .getEntriesByType('resource')
    .map(({ name }) => new URL(name).pathname)
    .filter((path) => path.startsWith('/sdk/'));
  assert.deepEqual(asked, [entryOf('imported')]);
  frame.close();
});

// The policy is that of sdk-wasm/npm/README.md.
it('works under the security policy of the package’s README', async ({ channel, link }) => {
  const readme = await (await fetch('/sdk/imported/README.md')).text();
  const written = /^script-src .*connect-src .*$/m.exec(readme)?.[0] ?? '';
  const policy = written.replace('wss://relay.example.com', link.url.replace('http', 'ws'));
  assert.include(policy, link.url.replace('http', 'ws'));
  const frame = await Frame.open({ relay: link.url, policy });
  const calls = new Calls();
  await frame.realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, 1);
  await calls.until(1);
  frame.close();
});

it('rejects with code 1 under a policy that forbids WebAssembly, and says what allows it', async ({
  channel,
  link,
}) => {
  const frame = await Frame.open({ relay: link.url, policy: "default-src 'self'; connect-src 'self' ws:" });
  const error = await rejection(frame.realtime.subscribe(channel, () => {}));
  assert.deepEqual([error.name, error.errorCode, error.recoverable], ['RealtimeError', 1, true]);
  assert.match(error.message, /cannot start the realtime client: .*script-src 'wasm-unsafe-eval'/);
  frame.close();
});

it('rejects with code 1 in a browser that is too old, says so, and tries again at the next call', async ({
  channel,
  link,
}) => {
  const frame = await Frame.open({ relay: link.url, without: 'DecompressionStream' });
  const error = await rejection(frame.realtime.subscribe(channel, () => {}));
  assert.equal(error.errorCode, 1);
  assert.match(error.message, /a browser of 2023 or later/);
  frame.window.DecompressionStream = DecompressionStream;
  await frame.realtime.subscribe(channel, () => {});
  frame.close();
});

it('works in a worker', async ({ channel, link }) => {
  const worker = new Worker('/page/worker.js', { type: 'module' });
  /** @type {any[]} */
  const told = [];
  worker.onmessage = ({ data }) => told.push(data);
  worker.postMessage({ sdk: entryOf('imported'), url: link.url, channel });
  await until(() => told.length > 0, 'the worker has subscribed');
  assert.match(told[0].id, /^[\da-f-]{36}$/, JSON.stringify(told));
  await hands.publish(channel, { to: 'the worker' });
  await until(() => told.length > 1, 'the worker has a message');
  assert.deepEqual(told[1], { message: { payload: { to: 'the worker' } } });
  worker.terminate();
});
