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
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { describeSite } from './harness/describe-site.mjs';
import { API_KEY } from './harness/site.mjs';

const run = promisify(execFile);

/** Stands in for curl, which not every machine has: prints its arguments as the shell gave them. */
const ARGUMENTS_PRINTER = `#!${process.execPath}\nconsole.log(JSON.stringify(process.argv.slice(2)));\n`;

describeSite('the command for a terminal', (stage) => {
  /** @type {string} */
  let folder;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'realtime-relay-'));
    await writeFile(join(folder, 'curl'), ARGUMENTS_PRINTER);
    await chmod(join(folder, 'curl'), 0o755);
  });
  after(() => rm(folder, { recursive: true }));

  /** Opens the page and copies its command. */
  async function copyCommand() {
    const page = await stage.openPage({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.page.getByRole('button', { name: 'Copy' }).click();
    await page.page.getByRole('button', { name: 'Copied' }).waitFor();
    const command = await page.page.evaluate(() => navigator.clipboard.readText());
    return { page, command };
  }

  /**
   * What curl would be told by a command.
   *
   * @param {string} command
   * @param {Record<string, string>} env
   * @returns {Promise<string[]>}
   */
  async function argumentsForCurl(command, env) {
    const path = `${folder}${delimiter}${process.env.PATH}`;
    const { stdout } = await run('sh', ['-c', command], { env: { PATH: path, ...env } });
    return JSON.parse(stdout);
  }

  it('publishes to the page when it is copied and run', async () => {
    const { page, command } = await copyCommand();
    const [url = '', ...rest] = await argumentsForCurl(command, { RELAY_API_KEY: API_KEY });
    const [flagA, authorization = '', flagB, contentType = '', flagC, body = ''] = rest;
    assert.deepEqual([flagA, flagB, flagC], ['-H', '-H', '-d']);
    const headers = Object.fromEntries([authorization, contentType].map((header) => header.split(': ')));
    const response = await fetch(url, { method: 'POST', headers, body });
    assert.equal(response.status, 200, await response.text());
    await page.shows('hello', ['{ "answer": 42 }']);
  });

  it('uses the key of a relay that was given none when the shell knows no other', async () => {
    const { command } = await copyCommand();
    const args = await argumentsForCurl(command, {});
    assert.ok(args.includes('Authorization: Bearer dev'), args.join(' '));
  });
});
