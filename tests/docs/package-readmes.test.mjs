/**
 * What needs more than a rule in the READMEs of the packages: the site of sdk-backend/README.md.
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

describe('sdk-backend/README.md', () => {
  const story = new Story('sdk-backend/README.md', 'tests/docs/package-readmes.test.mjs');
  /** @type {Workshop} */
  let workshop;

  before(async () => {
    workshop = await Workshop.open();
  });
  after(() => workshop?.close());

  it('a member’s page calls the web method, which publishes', async () => {
    workshop.env.RELAY_TOKEN_SECRET = 'a secret of more than thirty-two characters';
    await workshop.sh('npm install "$REPO"/dist/*.tgz');
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
