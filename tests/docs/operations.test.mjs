/**
 * What docs/operations.md quotes of the relay's words is what the relay says.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root } from '../../scripts/lib/project.mjs';
import { eventually } from '../pages/harness/eventually.mjs';
import { isAsShown } from './harness/shown.mjs';
import { Workshop } from './harness/workshop.mjs';

const DOCUMENT = 'docs/operations.md';

/** The messages of the table, in its order, where `…` stands for anything. */
const QUOTED = tableOf(readFileSync(join(root, DOCUMENT), 'utf8'));

/** How each message comes about, in the order of the table. Those that the relay survives are said while it runs. */
const MISTAKES = [
  'relay serve --listen 127.0.0.1:8787',
  'relay serve --allow-origin example.com',
  'relay serve --listen 0.0.0.0:8787',
  'relay serve --tls-cert nowhere.pem --tls-key nowhere.pem',
  'relay serve --permissions nowhere.js',
  'relay serve --config wrong.toml',
  'mkdir data && echo 1234 > data/lock && flock data/lock relay serve --listen 127.0.0.1:0 --data-dir data',
  'touch notes.txt && relay serve --listen 127.0.0.1:0 --data-dir notes.txt',
];

describe(DOCUMENT, () => {
  /** @type {Workshop} */
  let workshop;
  /** @type {string[]} what a running relay has said */
  const said = [];

  before(async () => {
    workshop = await Workshop.open();
    await workshop.writeFile('wrong.toml', 'max-sesions = 3\n');
    await workshop.writeFile('realtime-permissions.js', 'export const somewhere = "else";\n');
    await workshop.startRelay([], (line) => said.push(line));
  });
  after(() => workshop?.close());

  /** @param {string} text */
  const withPort = (text) => text.replace('8787', workshop.ports['8787'] ?? '');

  it('quotes the messages of relays that do not start', async () => {
    for (const [index, command] of MISTAKES.entries()) {
      const printed = await workshop.sh(`${withPort(command)} 2>&1 || true`);
      const quoted = withPort(QUOTED[index] ?? '');
      assert.ok(
        printed.split('\n').some((line) => isAsShown(line, `relay: ${quoted}…`)),
        `${command}: ${printed}`,
      );
    }
  });

  it('quotes the messages of a relay that runs', async () => {
    const address = `${workshop.relayUrl}/v1/realtime`;
    const status = await new Promise((resolve, reject) => {
      const handshake = {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        Origin: 'https://www.example.com',
        'Sec-WebSocket-Key': 'x3JJHMbDL1EzLkh9GBhXDw==',
        'Sec-WebSocket-Protocol': 'realtime.v1.json',
        'Sec-WebSocket-Version': '13',
      };
      request(address, { headers: handshake }, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end();
    });
    assert.equal(status, 403);
    const running = QUOTED.slice(MISTAKES.length);
    assert.equal(running.length, 3);
    await eventually(() => {
      for (const quoted of running)
        assert.ok(
          said.some((line) => line.includes(quoted)),
          quoted,
        );
    });
    assert.ok(said.some((line) => line.includes('https://www.example.com')));
  });
});

/**
 * @param {string} document
 * @returns {string[]}
 */
function tableOf(document) {
  const section = document.split('\n## When it does not work\n')[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `(?<message>[^`]+)` \|/gm)].map(({ groups }) => groups?.message ?? '');
}
