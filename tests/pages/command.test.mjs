/**
 * The command that the page offers for a terminal.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { launchChromium } from './harness/browser.mjs';
import { DemoPage } from './harness/demo-page.mjs';
import { API_KEY, Site } from './harness/site.mjs';

const run = promisify(execFile);

/** Stands in for curl, which not every machine has: prints its arguments as the shell gave them. */
const ARGUMENTS_PRINTER = `#!${process.execPath}\nconsole.log(JSON.stringify(process.argv.slice(2)));\n`;

describe('the command for a terminal', () => {
  /** @type {Site} */
  let site;
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {DemoPage} */
  let page;
  /** @type {string} */
  let folder;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'realtime-relay-'));
    await writeFile(join(folder, 'curl'), ARGUMENTS_PRINTER);
    await chmod(join(folder, 'curl'), 0o755);
    [site, browser] = await Promise.all([Site.start(), launchChromium()]);
    const permissions = ['clipboard-read', 'clipboard-write'];
    page = await DemoPage.openAsSomeoneNew(browser, site.url, { permissions });
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
    await rm(folder, { recursive: true });
  });

  /**
   * What curl would be told by the command that is on the clipboard.
   *
   * @param {Record<string, string>} env
   * @returns {Promise<string[]>}
   */
  async function argumentsForCurl(env) {
    const command = await page.page.evaluate(() => navigator.clipboard.readText());
    const path = `${folder}${delimiter}${process.env.PATH}`;
    const { stdout } = await run('sh', ['-c', command], { env: { PATH: path, ...env } });
    return JSON.parse(stdout);
  }

  it('publishes to the page when it is copied and run', async () => {
    await page.page.getByRole('button', { name: 'Copy' }).click();
    await page.page.getByRole('button', { name: 'Copied' }).waitFor();
    const [url = '', ...rest] = await argumentsForCurl({ RELAY_API_KEY: API_KEY });
    const [flagA, authorization = '', flagB, contentType = '', flagC, body = ''] = rest;
    assert.deepEqual([flagA, flagB, flagC], ['-H', '-H', '-d']);
    const headers = Object.fromEntries([authorization, contentType].map((header) => header.split(': ')));
    const response = await fetch(url, { method: 'POST', headers, body });
    assert.equal(response.status, 200, await response.text());
    await page.shows('hello', ['{ "answer": 42 }']);
  });

  it('uses the key of a relay that was given none when the shell knows no other', async () => {
    const args = await argumentsForCurl({});
    assert.ok(args.includes('Authorization: Bearer dev'), args.join(' '));
  });
});
