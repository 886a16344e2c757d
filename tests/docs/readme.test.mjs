/**
 * The first lines of README.md, as a site.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../pages/harness/eventually.mjs';
import { Story } from './harness/blocks.mjs';
import { Workshop } from './harness/workshop.mjs';

describe('README.md', () => {
  const story = new Story('README.md', 'tests/docs/readme.test.mjs');
  /** @type {Workshop} */
  let workshop;

  before(async () => {
    workshop = await Workshop.open();
  });
  after(() => workshop?.close());

  it('its two pieces of code are a site that says hello', async () => {
    await workshop.sh('npm install "$REPO"/dist/*.tgz');
    await workshop.write(story.next('js', 'backend/chat.web.js'));
    await workshop.write(story.next('js', 'page.js'));
    await workshop.writeFile('index.html', '<!doctype html><script type="module" src="page.js"></script>');
    await workshop.startRelay();
    const { complaints, printed } = await workshop.browse(await workshop.startHost());
    await eventually(() => assert.deepEqual(printed, ['Hello!'], complaints.join('\n')));
    assert.deepEqual(complaints, []);
    story.end();
  });
});
