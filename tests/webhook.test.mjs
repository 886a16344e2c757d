/**
 * Permissions by webhook, whole: a real relay asks the backend package, as the host of a site folder and as a program
 * that somebody wrote for `@wix/realtime`.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { hostProgram } from '../scripts/lib/packages.mjs';
import { freePort } from '../scripts/lib/ports.mjs';
import { testedRelay } from '../scripts/lib/project.mjs';
import { startService } from '../scripts/lib/services.mjs';
import { configure, disconnect, permissionsEndpoint, recheckPermissions } from '../sdk-backend/src/index.js';
import { writeSite } from '../sdk-backend/test/site.js';
import { Subscriber } from './conformance/harness/subscriber.mjs';
import { signToken } from './conformance/harness/token.mjs';
import { until } from './conformance/harness/until.mjs';
import { Project } from './packages/harness/project.mjs';
import { tarballs } from './packages/harness/tarballs.mjs';

const TOKEN_SECRET = 'the secret of these tokens';
const ENV = { RELAY_API_KEY: 'k', RELAY_TOKEN_SECRET: TOKEN_SECRET, RELAY_PERMISSIONS_SECRET: 'shared' };

/** By then a relay has noticed that its backend is back: it looks once a second. */
const LIMIT_MS = 60_000;

/** @typedef {{ after(fn: () => unknown): void }} Scope a test, at whose end things are undone */

/**
 * @param {Scope} t
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string[]} log
 */
async function start(t, command, args, log) {
  const service = await startService({ command, args, env: ENV, onLine: (line) => log.push(line) });
  t.after(() => service.stop());
  return service;
}

/** @param {Scope} t @param {string} backend @param {string[]} log @param {readonly string[]} [more] */
function startRelay(t, backend, log, more = []) {
  const args = ['serve', '--listen', '127.0.0.1:0', '--permissions-url', backend, ...more];
  return start(t, testedRelay(), args, log);
}

/** @param {Scope} t @param {string} url @param {Record<string, unknown>} [claims] none for a visitor */
async function connect(t, url, claims) {
  const subscriber = await Subscriber.connect(url, claims ? { token: signToken(claims, TOKEN_SECRET) } : {});
  t.after(() => subscriber.leave());
  return subscriber;
}

test("the host of a site folder answers by the site's permissions file, and again after a restart", async (t) => {
  const dir = writeSite(
    {
      'backend/realtime-permissions.js': `
        import { permissionsRouter } from 'wix-realtime-backend';
        permissionsRouter.default(() => ({ read: true }));
        permissionsRouter.add({ name: 'staff' }, async (_, { type }) => ({ read: type !== 'Visitor' }));
        permissionsRouter.add({ name: 'broken' }, () => { throw new Error('no database'); });
        export const realtime_check_permission = (channel, subscriber) => permissionsRouter.check(channel, subscriber);`,
    },
    t,
  );
  /** @type {string[]} */
  const log = [];
  const startHost = (/** @type {string} */ address) =>
    start(t, process.execPath, [hostProgram, 'serve', dir, '--listen', address], log);
  // It comes back on this port, so nobody else is to get it meanwhile.
  const host = await startHost(`127.0.0.1:${await freePort()}`);
  const relay = await startRelay(t, host.url, log);
  const member = await connect(t, relay.url, { sub: 'anna' });
  const visitor = await connect(t, relay.url);

  const chat = await visitor.subscribe({ name: 'chat' });
  assert.equal((await visitor.ask({ name: 'staff' })).status, 403);
  assert.equal(await member.mayRead({ name: 'staff', resourceId: 'kitchen' }), true);
  assert.equal((await member.ask({ name: 'broken' })).status, 403);
  assert.match(log.join('\n'), /handler for "broken" failed, asked by Member "anna": Error: no database/);

  await host.stop();
  assert.equal((await member.ask({ name: 'news' })).status, 503);
  // What runs goes on without the backend.
  await fetch(`${relay.url}/v1/publish`, {
    method: 'POST',
    headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
    body: JSON.stringify({ channel: { name: 'chat' }, payload: 'still here' }),
  });
  assert.deepEqual(await chat.until(1), ['still here']);

  await startHost(new URL(host.url).host);
  const deadline = performance.now() + LIMIT_MS;
  while (!(await member.mayRead({ name: 'news' }))) {
    assert.ok(performance.now() < deadline, log.join('\n'));
    await pause(20);
  }
});

test('a program written for @wix/realtime decides who may read and publishes, unchanged', async (t) => {
  const { backend } = await tarballs();
  const project = await Project.create([`@wix/realtime@file:${backend}`]);
  t.after(() => project.remove());
  await project.write({
    'server.js': `
      import { createServer } from 'node:http';
      import { permissionsEndpoint, publisher, site } from '@wix/realtime';
      import { realtimePermissionsProvider } from '@wix/realtime/service-plugins';

      if (typeof site.permissionsRouter.add !== 'function') throw new Error('no router');
      realtimePermissionsProvider.provideHandlers({
        checkSubscriberPermissions: async ({ request: { channel, subscriber } }) => ({
          read: channel.name === 'news' || (subscriber.type === 'MEMBER' && subscriber._id === channel.resourceId),
        }),
      });
      const server = createServer(permissionsEndpoint().node);
      server.listen(0, '127.0.0.1', () => console.log('listening on http://127.0.0.1:' + server.address().port));
    `,
    'publish.js': `
      import { publisher } from '@wix/realtime';
      await publisher.publish({ name: 'news' }, { headline: 'It works' });
    `,
  });
  /** @type {string[]} */
  const log = [];
  const server = await start(t, process.execPath, [`${project.folder}/server.js`], log);
  const relay = await startRelay(t, server.url, log);
  const member = await connect(t, relay.url, { sub: 'anna' });
  const visitor = await connect(t, relay.url);

  assert.equal(await member.mayRead({ name: 'inbox', resourceId: 'anna' }), true);
  assert.equal((await member.ask({ name: 'inbox', resourceId: 'ben' })).status, 403);
  assert.equal((await visitor.ask({ name: 'inbox', resourceId: 'anna' })).status, 403);
  const news = await visitor.subscribe({ name: 'news' });
  await project.run('env', [`RELAY_URL=${relay.url}`, 'RELAY_API_KEY=k', process.execPath, 'publish.js']);
  assert.deepEqual(await news.until(1), [{ headline: 'It works' }]);
});

test('a recheck by the backend forgets what was remembered and ends what is no longer allowed', async (t) => {
  let mayRead = true;
  let asked = 0;
  const check = () => {
    asked += 1;
    return { read: mayRead };
  };
  const server = createServer(permissionsEndpoint({ check, secret: ENV.RELAY_PERMISSIONS_SECRET }).node);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const relay = await startRelay(t, `http://127.0.0.1:${port}`, [], ['--permissions-cache-seconds', '600']);
  configure({ url: relay.url, apiKey: 'k' });
  const [first, second] = [
    await connect(t, relay.url, { sub: 'anna' }),
    await connect(t, relay.url, { sub: 'anna' }),
  ];
  await first.subscribe({ name: 'chat', resourceId: '7' });
  assert.equal(await second.mayRead({ name: 'chat', resourceId: '7' }), true);
  assert.equal(asked, 1, 'the second answer was remembered');

  mayRead = false;
  assert.deepEqual(await recheckPermissions({ channel: { name: 'other' } }), { subscriptions: 0 });
  assert.deepEqual(await recheckPermissions({ channel: { name: 'chat' }, user: 'anna' }), {
    subscriptions: 2,
  });
  await until(
    () => [first, second].every(({ told }) => told.some(({ type }) => type === 'ended')),
    () => 'both subscriptions have ended',
  );
  assert.equal(first.told.find(({ type }) => type === 'ended')?.status, 403);
  assert.equal((await first.ask({ name: 'chat', resourceId: '7' })).status, 403);
  assert.deepEqual(await disconnect('anna', { reason: 'signed out' }), { sessions: 2 });
  assert.deepEqual(await disconnect('nobody'), { sessions: 0 });
});
