/**
 * The browser package where pages are rendered: Node may import it and call it, which does nothing and breaks nothing.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Project } from './harness/project.mjs';
import { tarballs } from './harness/tarballs.mjs';

/** Whether this Node lets `require` load ES modules: 20.19 and later do. */
const REQUIRES_MODULES = Boolean(
  /** @type {{ require_module?: boolean }} */ (process.features).require_module,
);

/** Makes a newer Node refuse what an older one refuses. */
const AS_BEFORE_20_19 = REQUIRES_MODULES ? ['--no-experimental-require-module'] : [];

/** Calls everything that a component may call while it is rendered. */
const RENDER = `
async function render(realtime) {
  realtime.onConnected(() => {});
  realtime.onDisconnected(() => {});
  realtime.onError(() => {});
  realtime.configure({ url: 'https://relay.example.com', getToken: () => fail('no token is wanted') });
  const id = await realtime.subscribe({ name: 'news' }, () => {});
  await realtime.unsubscribe({ subscriptionId: id });
  await realtime.unsubscribe({ channel: { name: 'news' } });
  const callbacks = { onSubscribed: () => fail('nothing is live'), onSubscriptionError: () => fail('nothing fails') };
  const newer = realtime.subscriber.subscribe({ name: 'news' }, () => {}, callbacks);
  realtime.subscriber.unsubscribe({ subscriptionId: newer });
  realtime.close();
  console.log(JSON.stringify([id, newer, typeof realtime.default.subscribe]));
}
function fail(what) { console.error(what); process.exit(1); }
`;

/** Nothing was subscribed, and the default object is there too. */
const RENDERED = '["","","function"]\n';

describe('under Node, for rendering on a server', () => {
  /** @type {Project} */
  let project;

  before(async () => {
    const { frontend, backend, alias } = await tarballs();
    project = await Project.create([frontend, backend, alias]);
  });
  after(() => project?.remove());

  /**
   * What a program of the project prints. It has to end by itself.
   *
   * @param {string} file its name, which decides what kind of module it is
   * @param {string} code
   * @param {readonly string[]} [flags] of Node
   */
  async function run(file, code, flags = []) {
    await project.write({ [file]: code });
    return project.run(process.execPath, [...flags, file]);
  }

  for (const name of ['wix-realtime-frontend', 'wix-realtime']) {
    describe(name, () => {
      it('is imported by an ES module', async () => {
        const code = `import * as realtime from '${name}';${RENDER}render(realtime);`;
        assert.equal(await run('static.mjs', code), RENDERED);
      });

      it('is imported by a CommonJS module, dynamically', async () => {
        const code = `${RENDER}import('${name}').then(render);`;
        assert.equal(await run('dynamic.cjs', code), RENDERED);
      });

      it('is required where Node can require ES modules, and elsewhere Node says what to write', async () => {
        const code = `${RENDER}render(require('${name}'));`;
        if (REQUIRES_MODULES) assert.match(await run('required.cjs', code), /\["","","function"\]/);
        const attempt = run('required.cjs', code, AS_BEFORE_20_19);
        await assert.rejects(attempt, /ERR_REQUIRE_ESM/);
        await assert.rejects(attempt, /dynamic import\(\)/);
      });
    });
  }

  it('both names are one client', async () => {
    const code = `
      import wixRealtime, * as older from 'wix-realtime';
      import wixRealtimeFrontend, * as realtime from 'wix-realtime-frontend';
      const names = Object.keys(realtime);
      console.log(JSON.stringify([
        Object.keys(older).join() === names.join(),
        names.every((name) => older[name] === realtime[name]),
        wixRealtime === wixRealtimeFrontend,
      ]));`;
    assert.equal(await run('both.mjs', code), '[true,true,true]\n');
  });

  it('the backend package is imported and required the same way', async () => {
    const show = 'console.log(typeof backend.publish, typeof backend.default.permissionsRouter.check)';
    assert.equal(
      await run('a.mjs', `import * as backend from 'wix-realtime-backend'; ${show}`),
      'function function\n',
    );
    const required = run('b.cjs', `const backend = require('wix-realtime-backend'); ${show}`);
    if (REQUIRES_MODULES) assert.match(await required, /function function\n/);
    else await assert.rejects(required, /ERR_REQUIRE_ESM/);
  });

  it('installs the command of the backend package', async () => {
    const help = await project.run('npx', ['--no-install', 'wix-realtime-backend', '--help']);
    assert.match(help, /wix-realtime-backend serve/);
  });
});
