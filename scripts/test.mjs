/**
 * `npm test`: every check and every test, from a clean clone on. Stops at the first failure, and always ends with a
 * summary whose last line is the totals.
 */
import { ensureBrowsers } from './lib/browsers.mjs';
import * as checks from './lib/checks.mjs';
import { checkCrates, checkNodePackages } from './lib/dependencies.mjs';
import { Advice } from './lib/failure.mjs';
import { contractTests } from './lib/http-contract.mjs';
import { Ledger } from './lib/ledger.mjs';
import { say } from './lib/log.mjs';
import { describeFailure, main } from './lib/main.mjs';
import { ensureNodePackages, ensurePackageTestTools } from './lib/node-packages.mjs';
import { readOptions } from './lib/options.mjs';
import { packPackages, unpackedFrontend } from './lib/packages.mjs';
import { relayBinary } from './lib/project.mjs';
import { buildRelay } from './lib/relay-build.mjs';
import { ensureRust } from './lib/rust.mjs';
import {
  browserConformance,
  documentTests,
  nodeConformance,
  nodeTests,
  packageTests,
  pageTests,
  rustTests,
  wasmTests,
  worldTests,
} from './lib/suites.mjs';
import { ensureTestTools } from './lib/test-tools.mjs';
import { buildWasm } from './lib/wasm.mjs';
import { websocketTests } from './lib/websocket-suite.mjs';

/** @typedef {'rust' | 'js' | 'websocket' | 'wasm' | 'conformance' | 'world' | 'pages' | 'packages' | 'docs'} Area */
/** @typedef {import('./lib/counts.mjs').Counts} Counts */

/**
 * One thing that a test run does, when one of its areas is selected.
 *
 * @typedef {object} Task
 * @property {string} name
 * @property {readonly Area[]} areas
 * @property {() => Promise<Counts | void>} run
 */

/** @type {readonly Area[]} */
const AREAS = ['rust', 'js', 'websocket', 'wasm', 'conformance', 'world', 'pages', 'packages', 'docs'];

const HELP = `npm test [-- OPTIONS]

Formats, lints, types and tests of everything. Installs what it needs and can install; says so where it cannot.

  --only AREAS   some of ${AREAS.join(', ')}, separated by commas
                   rust         Cargo.lock, cargo-deny, rustfmt, clippy, all Rust tests
                   js           licences, Biome, TypeScript, all tests for Node, the HTTP API against its contract
                   websocket    the relay's WebSocket layer against Autobahn's test suite
                   wasm         clippy for wasm, the browser SDK's tests in Chromium and Firefox
                   conformance  each rule of the API, in Chromium, in Firefox and in Node
                   world        pages whose networks break, whose computers sleep and whose tabs are put away, in both
                   pages        whole pages in Chromium
                   packages     the npm packages in other people's projects
                   docs         every code block of the documents, and their links
  --help         this text`;

await main(async () => {
  const options = readOptions({ only: { type: 'string' }, help: { type: 'boolean' } }, HELP);
  if (options.help) return say(HELP);
  const areas = selectedAreas(options.only);
  const tasks = (await plan(areas)).filter((task) => task.areas.some((area) => areas.includes(area)));
  const ledger = await runAll(tasks);
  say(`\n${ledger.summary().join('\n')}`);
  return ledger.failures === 0 ? 0 : 1;
});

/**
 * @param {string | undefined} only
 * @returns {readonly Area[]}
 */
function selectedAreas(only) {
  if (only === undefined) return AREAS;
  return only.split(',').map((word) => {
    const area = AREAS.find((known) => known === word.trim());
    if (!area) throw new Advice(`--only knows no "${word}"; it takes ${AREAS.join(', ')}`);
    return area;
  });
}

/**
 * Runs the tasks in order, up to the first that fails.
 *
 * @param {Task[]} tasks
 * @returns {Promise<Ledger>}
 */
async function runAll(tasks) {
  const ledger = new Ledger();
  for (const [index, { name, run }] of tasks.entries()) {
    try {
      const counts = await run();
      if (counts) ledger.ran(name, counts);
    } catch (error) {
      console.error(describeFailure(error));
      ledger.failed(name, error);
      for (const missed of tasks.slice(index + 1)) ledger.notReached(missed.name);
      break;
    }
  }
  return ledger;
}

/**
 * Everything that a full run does, in order: what must be installed first, so that a lack shows before anything is
 * compiled; then what fails quickly; pages last.
 *
 * @param {readonly Area[]} areas
 * @returns {Promise<Task[]>}
 */
async function plan(areas) {
  await ensureNodePackages();
  await ensureRust({ components: ['rustfmt', 'clippy'] });
  if (areas.some((area) => ['js', 'packages', 'docs'].includes(area))) await ensurePackageTestTools();
  const inBrowsers = areas.some((area) =>
    ['wasm', 'conformance', 'world', 'pages', 'packages', 'docs'].includes(area),
  );
  const browsers = inBrowsers ? await ensureBrowsers() : undefined;
  const chromium = browsers?.chromium ?? '';
  return [
    { name: 'Cargo.lock', areas: ['rust'], run: checks.checkRustLock },
    { name: 'npm packages', areas: ['js'], run: checkNodePackages },
    { name: 'Rust formatting', areas: ['rust'], run: checks.checkRustFormat },
    { name: 'crates', areas: ['rust'], run: checkCrates },
    { name: 'JavaScript formatting and lints', areas: ['js'], run: checks.checkJavaScript },
    {
      name: 'relay',
      areas: ['js', 'wasm', 'conformance', 'world', 'pages', 'packages', 'docs'],
      run: buildRelay,
    },
    {
      name: 'browser SDK',
      areas: ['js', 'conformance', 'world', 'pages', 'packages', 'docs'],
      run: buildWasm,
    },
    { name: 'JavaScript types', areas: ['js'], run: checks.checkTypes },
    { name: 'Node tests', areas: ['js'], run: async () => nodeTests(await testEnvironment()) },
    { name: 'HTTP contract', areas: ['js'], run: () => contractTests() },
    { name: 'Rust lints', areas: ['rust'], run: checks.checkRustLints },
    { name: 'Rust tests', areas: ['rust'], run: rustTests },
    { name: 'WebSocket conformance', areas: ['websocket'], run: websocketTests },
    { name: 'Rust lints, wasm', areas: ['wasm'], run: checks.checkWasmLints },
    {
      name: 'conformance in Node',
      areas: ['conformance'],
      run: async () => nodeConformance(await testEnvironment()),
    },
    { name: 'test tools', areas: ['wasm', 'conformance', 'world'], run: ensureTestTools },
    ...(browsers ? [wasmTask('Chromium', browsers), wasmTask('Firefox', browsers)] : []),
    ...(browsers ? [conformanceTask('Chromium', browsers), conformanceTask('Firefox', browsers)] : []),
    ...(browsers ? [worldTask('Chromium', browsers), worldTask('Firefox', browsers)] : []),
    { name: 'page tests', areas: ['pages'], run: async () => pageTests(await testEnvironment(chromium)) },
    {
      name: 'package tests',
      areas: ['packages'],
      run: async () => packageTests(await testEnvironment(chromium)),
    },
    {
      name: 'documentation tests',
      areas: ['docs'],
      run: async () => documentTests(await testEnvironment(chromium)),
    },
  ];
}

/**
 * @param {'Chromium' | 'Firefox'} browser
 * @param {import('./lib/browsers.mjs').Browsers} browsers
 * @returns {Task}
 */
function wasmTask(browser, browsers) {
  return { name: `wasm tests in ${browser}`, areas: ['wasm'], run: () => wasmTests(browser, browsers) };
}

/**
 * @param {'Chromium' | 'Firefox'} browser
 * @param {import('./lib/browsers.mjs').Browsers} browsers
 * @returns {Task}
 */
function conformanceTask(browser, browsers) {
  const run = async () => browserConformance(browser, browsers, await testEnvironment());
  return { name: `conformance in ${browser}`, areas: ['conformance'], run };
}

/**
 * @param {'Chromium' | 'Firefox'} browser
 * @param {import('./lib/browsers.mjs').Browsers} browsers
 * @returns {Task}
 */
function worldTask(browser, browsers) {
  const run = async () => worldTests(browser, browsers, await testEnvironment());
  return { name: `the world in ${browser}`, areas: ['world'], run };
}

/**
 * What tests are told of what was built, so that they need not look for it.
 *
 * @param {string} [chromium] the browser for pages
 * @returns {Promise<Record<string, string>>}
 */
async function testEnvironment(chromium) {
  const { frontend, backend, alias } = await packPackages();
  return {
    RELAY_BIN: relayBinary,
    FRONTEND_TARBALL: frontend,
    BACKEND_TARBALL: backend,
    ALIAS_TARBALL: alias,
    FRONTEND_FOLDER: await unpackedFrontend(frontend),
    ...(chromium ? { CHROMIUM_PATH: chromium } : {}),
  };
}
