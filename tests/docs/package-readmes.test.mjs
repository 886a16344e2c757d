/**
 * What needs more than a rule in the READMEs of the packages: sdk-backend/README.md lets a backend answer the relay's
 * questions, and has a site.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../pages/harness/eventually.mjs';
import { Story } from './harness/blocks.mjs';
import { Workshop } from './harness/workshop.mjs';

/** Lets the page's browser be a member, as the README tells; the sign-in itself is the site's own. */
const SIGN_IN = `
import { Permissions, webMethod } from 'wix-web-module';
import { createSessionToken } from 'wix-realtime-backend';
export const signIn = webMethod(Permissions.Anyone, () => createSessionToken({ id: 'anna' }));`;

const PAGE = `<!doctype html><title>Chat</title><script type="module">
  import { subscribe } from 'wix-realtime-frontend';
  import { signIn } from 'backend/sign-in.web';
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ token: await signIn() });
  await fetch('/_realtime/session', { method: 'POST', headers, body });
  await subscribe({ name: 'chat' }, ({ payload, publisher }) => console.log(publisher.id, payload.text));
  await import('./page.js');
</script>`;

/** Tells the channels apart, so that the answers are known to be its own. */
const PERMISSIONS = `
import { permissionsRouter } from 'wix-realtime-backend';
permissionsRouter.add({ name: 'closed' }, () => ({ read: false }));
export const realtime_check_permission = (channel, subscriber) => permissionsRouter.check(channel, subscriber);`;

/** A page that says what became of its subscriptions. */
const ASK = `<!doctype html><title>Ask</title><script type="module">
  import { configure, subscribe } from './node_modules/wix-realtime-frontend/dist/index.js';
  configure({ url: new URLSearchParams(location.search).get('relay') });
  for (const name of ['open', 'closed']) {
    await subscribe({ name }, () => {}).then(
      () => console.log(name + ': live'),
      ({ errorCode, status }) => console.log(name + ':', errorCode, status),
    );
  }
</script>`;

describe('sdk-backend/README.md', () => {
  const story = new Story('sdk-backend/README.md', 'tests/docs/package-readmes.test.mjs');
  /** @type {Workshop} */
  let workshop;

  before(async () => {
    workshop = await Workshop.open();
    await workshop.writeFile('package.json', '{ "private": true, "type": "module" }');
    await workshop.sh('npm install "$REPO"/dist/*.tgz');
  });
  after(() => workshop?.close());

  it('a backend of one’s own answers the relay’s questions', async () => {
    workshop.env.RELAY_PERMISSIONS_SECRET = 'another secret of more than thirty-two characters';
    await workshop.writeFile('backend/realtime-permissions.js', PERMISSIONS);
    const server = story.next('js', 'server.js');
    await workshop.write(server);
    await workshop.serve({ ...server, text: 'node server.js' });
    const { stop } = await workshop.serve(story.next('sh'));
    await workshop.writeFile('ask.html', ASK);
    const { printed } = await workshop.browse(
      `${await workshop.serveFolder('.')}ask.html?relay=${workshop.relayUrl}`,
    );
    await eventually(() => assert.deepEqual(printed, ['open: live', 'closed: 2 403']));
    await stop();
  });

  it('a member’s page calls the web method, which publishes', async () => {
    workshop.env.RELAY_TOKEN_SECRET = 'a secret of more than thirty-two characters';
    await workshop.write(story.next('js', 'backend/chat.web.js'));
    await workshop.writeFile('page.js', story.next('js').text);
    await workshop.writeFile('backend/sign-in.web.js', SIGN_IN);
    await workshop.writeFile('index.html', PAGE);
    await workshop.startRelay();
    const { complaints, printed } = await workshop.browse(await workshop.startHost());
    await eventually(() => assert.deepEqual(printed, ['anna Hello!'], complaints.join('\n')));
    story.end();
  });
});
