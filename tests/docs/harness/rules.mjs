/**
 * How a block is tested that no story tells: by the rule of its language.
 *
 * | language | what happens |
 * |---|---|
 * | `json` | it is JSON, as a whole or line by line |
 * | `toml` | the relay takes it as its settings |
 * | `yaml` | it is YAML |
 * | `sh` of harmless commands | it is typed into a terminal, beside a running relay, and succeeds; what starts a server gets to listen |
 * | `console` | it is typed, and prints what the block shows, where `…` stands for anything within a line |
 * | `html` | Chromium opens it, it subscribes, and takes a message without complaint |
 * | `js` that imports the frontend | the same, as a module of a page |
 * | `js` that exports the permissions hook | the relay loads it and answers by it |
 * | other `js` that imports the backend | Node runs it to its end beside a relay, and it writes no error |
 *
 * @module
 */

import assert from 'node:assert/strict';
import { parse as parseYaml } from 'yaml';
import { eventually } from '../../pages/harness/eventually.mjs';
import { serveFolder } from '../../pages/harness/static-server.mjs';

/**
 * @typedef {import('./blocks.mjs').Block} Block
 * @typedef {import('./workshop.mjs').Workshop} Workshop
 * @typedef {(workshop: Workshop, block: Block) => Promise<void>} Rule
 */

/** What handlers of examples are sent. It has what the examples of these documents read. */
const SAMPLE = { text: 'Hello!', status: 'shipped' };

/** What the script of an example is, where the example does not show it. */
const PAGE_SCRIPT =
  "import { subscribe } from 'wix-realtime-frontend'; await subscribe({ name: 'news' }, () => {});";

const FRONTEND = /from '(?:wix-realtime-frontend|wix-realtime|@wix\/realtime)(?:\/\w+)?'/;
const BACKEND = /from 'wix-realtime-backend'/;
const SERVERS = /^(?:.*\s)?(?:relay serve|wix-realtime-backend serve)\b/m;

/** What a block may run without a story: nothing that changes more than its own folder. */
const HARMLESS = new Set(['cd', 'curl', 'echo', 'export', 'mkdir', 'node', 'relay']);

/**
 * @param {Block} block
 * @returns {Rule | undefined} nothing when no rule covers it
 */
export function ruleFor({ language, text }) {
  if (language === 'sh') return programsOf(text).every((program) => HARMLESS.has(program)) ? sh : undefined;
  if (language !== 'js') return RULES[language];
  if (FRONTEND.test(text)) return pageModule;
  if (/export .*\brealtime_check_permission\b/.test(text)) return permissions;
  return BACKEND.test(text) ? nodeModule : undefined;
}

/** @type {Record<string, Rule>} */
const RULES = { json, toml, yaml, console: (workshop, block) => workshop.assertSession(block), html };

/**
 * The programs that a block runs, by the first words of its commands.
 *
 * @param {string} text
 */
function programsOf(text) {
  const commands = text.replaceAll('\\\n', ' ').split(/\n|&&|\||;/);
  const words = commands.map(
    (command) =>
      command
        .trim()
        .replace(/^(?:\w+=\S* )+/, '')
        .split(' ', 1)[0] ?? '',
  );
  return words.filter((word) => word !== '' && !word.startsWith('#'));
}

/** @type {Rule} */
async function json(_workshop, { text }) {
  const isWhole = text.trim().split('\n').length > 1 && !text.startsWith('{"');
  for (const part of isWhole ? [text] : text.trim().split('\n')) JSON.parse(part);
}

/** @type {Rule} */
async function toml(workshop, { line, text }) {
  const file = `settings-${line}.toml`;
  await workshop.writeFile(file, text);
  await workshop.sh(`relay config --config ${file}`);
}

/** @type {Rule} */
async function yaml(_workshop, { text }) {
  parseYaml(text);
}

/** @type {Rule} */
async function sh(workshop, block) {
  if (!SERVERS.test(block.text)) return void (await workshop.type(block));
  // Beside the relay that is running already.
  const text = block.text.replace(/\b(?:8787|8080)\b/g, '0');
  const { stop } = await workshop.serve({ ...block, text }, { RELAY_LISTEN: '127.0.0.1:0' });
  await stop();
}

/** @type {Rule} */
async function html(workshop, { line, text }) {
  const file = `page-${line}.html`;
  // A page of an example may load a script that the example does not show.
  await workshop.writeFile('page.js', PAGE_SCRIPT);
  await workshop.writeFile(
    file,
    workshop.adapted(text).replaceAll('https://relay.example.com', workshop.relayUrl),
  );
  await takesAMessage(workshop, file);
}

/** @type {Rule} */
async function pageModule(workshop, { line, text }) {
  const file = `page-${line}.html`;
  const imports = {
    'wix-realtime-frontend': '/node_modules/wix-realtime-frontend/dist/index.js',
    'wix-realtime-frontend/subscriber': '/node_modules/wix-realtime-frontend/dist/subscriber.js',
    'wix-realtime': '/node_modules/wix-realtime/index.js',
  };
  const code = `${workshop.adapted(text)}\ndocument.documentElement.dataset.done = 'yes';`;
  await workshop.writeFile(
    file,
    `<!doctype html><html lang="en"><title>An example</title><link rel="icon" href="data:,">
     <meta name="realtime-relay" content="${workshop.relayUrl}">
     <script type="importmap">${JSON.stringify({ imports })}</script>
     <script type="module">${code}</script></html>`,
  );
  const { page, complaints } = await takesAMessage(workshop, file);
  assert.equal(await page.locator('html[data-done]').count(), 1, `it does not end: ${complaints.join('\n')}`);
}

/**
 * Opens a page, publishes to everything that it subscribes to, and checks that it takes that well.
 *
 * @param {Workshop} workshop
 * @param {string} file
 */
async function takesAMessage(workshop, file) {
  const server = await serveFolder(workshop.folder);
  try {
    const visit = await workshop.browse(`${server.url}${file}`);
    const channels = await eventually(() => {
      const live = visit.sent.map((frame) => JSON.parse(frame)).filter(isAnswered(visit.received));
      assert.ok(live.length > 0, `nothing is subscribed: ${visit.complaints.join('\n')}`);
      return live.map(({ channel }) => channel);
    });
    for (const channel of channels) await workshop.publish(channel, SAMPLE);
    await eventually(() => {
      const messages = visit.received.filter((frame) => frame.startsWith('[')).length;
      assert.ok(messages >= channels.length, `only ${messages} messages came`);
    });
    await visit.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    assert.deepEqual(visit.complaints, []);
    return visit;
  } finally {
    await server.stop();
  }
}

/**
 * @param {string[]} received frames
 * @returns {(frame: { type: string, id: number }) => boolean} whether it asks for a channel and was given it
 */
function isAnswered(received) {
  return ({ type, id }) =>
    type === 'subscribe' && received.some((frame) => frame.startsWith(`{"type":"subscribed","id":${id},`));
}

/** @type {Rule} */
async function permissions(workshop, { line, text }) {
  const file = `permissions-${line}.js`;
  await workshop.writeFile(file, text);
  const answer = await workshop.sh(
    `relay check --permissions ${file} --channel staff --as admin:1 --json || true`,
  );
  const { decision, decidedBy } = JSON.parse(answer);
  assert.match(decision, /^(?:allowed|refused)$/, answer);
  assert.ok(decidedBy, answer);
}

/** @type {Rule} */
async function nodeModule(workshop, { line, text }) {
  const file = `program-${line}.mjs`;
  await workshop.writeFile(file, workshop.adapted(text));
  assert.equal(await workshop.sh(`node ${file} 2>&1 >/dev/null`), '');
}
