/**
 * The test suites, each run by the runner of its kind, and what they counted.
 */

import { writeFileSync } from 'node:fs';
import { delimiter, join, relative, sep } from 'node:path';
import { cargoCounts, nodeCounts, shortfall } from './counts.mjs';
import { Advice, CommandFailed, TestsFailed } from './failure.mjs';
import { ensureFaketime } from './faketime.mjs';
import { filesUnder } from './fingerprint.mjs';
import { say, step } from './log.mjs';
import { buildFolder, relayBinary, root } from './project.mjs';
import { gist, run } from './run.mjs';
import { cargo } from './rust.mjs';
import { withScratchFolder } from './scratch.mjs';
import { startService } from './services.mjs';
import { testToolsPath } from './test-tools.mjs';
import { publishTicks } from './ticks.mjs';

/** @typedef {import('./counts.mjs').Counts} Counts */
/** @typedef {import('./browsers.mjs').Browsers} Browsers */

/** Where tests of the JavaScript are that need no browser. */
const NODE_TEST_FOLDERS = ['scripts/test', 'sdk-backend/test', 'sdk-wasm/tests', 'tests'];

/** Where tests of whole pages are. */
const PAGE_TEST_FOLDER = join('tests', 'pages');

/** Where the tests are that show each rule of the API. */
const CONFORMANCE_FOLDER = join('tests', 'conformance');

/** Where tests are of pages whose networks break and whose computers sleep. */
const WORLD_TEST_FOLDER = join('tests', 'world');

/** Where tests are of the packages in other people's projects. */
const PACKAGE_TEST_FOLDER = join('tests', 'packages');

/** Where tests are of the code blocks in the documents. */
const DOCUMENT_TEST_FOLDER = join('tests', 'docs');

/** Those among them that need more than Node. */
const OTHER_TEST_FOLDERS = [
  PAGE_TEST_FOLDER,
  CONFORMANCE_FOLDER,
  WORLD_TEST_FOLDER,
  PACKAGE_TEST_FOLDER,
  DOCUMENT_TEST_FOLDER,
].map((folder) => join(root, folder));

/** A browser takes a minute for the wasm tests; one that has not finished by then hangs. In seconds. */
const WASM_TEST_LIMIT_S = '900';

/** A driver that does not listen by then does not start; wasm-bindgen's own limit is 5 s. In seconds. */
const DRIVER_LIMIT_S = '120';

/** All Rust tests, documentation examples included. Those in which a relay's clock jumps need a library for it. */
export async function rustTests() {
  const faketime = await ensureFaketime();
  if ('why' in faketime) say(`  without jumps of the wall clock: ${faketime.why}`);
  const env = 'library' in faketime ? { LIBFAKETIME: faketime.library } : {};
  return suite('Rust tests', cargoCounts, (busyWith) =>
    cargo(['test', '--workspace', '--no-fail-fast'], { log: 'test-rust', env, busyWith }),
  );
}

/**
 * All tests for Node. Those that need a relay start their own.
 *
 * @param {Record<string, string>} env
 */
export const nodeTests = (env) =>
  suite('Node tests', nodeCounts, (busyWith) => {
    const folders = NODE_TEST_FOLDERS.map((folder) => join(root, folder));
    const files = testFilesUnder(folders).filter(
      (file) => !OTHER_TEST_FOLDERS.some((folder) => file.startsWith(`${folder}${sep}`)),
    );
    return runNodeTests(files, { log: 'test-node', env, busyWith });
  });

/**
 * All tests of pages.
 *
 * @param {Record<string, string>} env
 */
export const pageTests = (env) => browserSuite('Page tests', PAGE_TEST_FOLDER, 'test-pages', env);

/**
 * All tests of the packages in other people's projects.
 *
 * @param {Record<string, string>} env
 */
export const packageTests = (env) => browserSuite('Package tests', PACKAGE_TEST_FOLDER, 'test-packages', env);

/**
 * All tests of what the documents show.
 *
 * @param {Record<string, string>} env
 */
export const documentTests = (env) =>
  browserSuite('Documentation tests', DOCUMENT_TEST_FOLDER, 'test-docs', env);

/**
 * The tests of a folder, one file at a time: they start relays and browsers and wait for what becomes visible.
 *
 * @param {string} name
 * @param {string} folder
 * @param {string} log
 * @param {Record<string, string>} env
 */
const browserSuite = (name, folder, log, env) =>
  suite(name, nodeCounts, (busyWith) =>
    withScratchFolder((scratch) => {
      const files = testFilesUnder([join(root, folder)]);
      return runNodeTests(files, {
        log,
        env: { ...env, TMPDIR: scratch },
        busyWith,
        flags: ['--test-concurrency=1'],
      });
    }),
  );

/**
 * The browser's part of the API, in one browser.
 *
 * @param {'Chromium' | 'Firefox'} browser
 * @param {Browsers} browsers
 * @param {Record<string, string>} env
 */
export const browserConformance = (browser, browsers, env) =>
  testsIn(browser, `conformance in ${browser}`, CONFORMANCE_FOLDER, browsers, env);

/**
 * Pages whose networks break, whose computers sleep and whose tabs are put away, in one browser.
 *
 * @param {'Chromium' | 'Firefox'} browser
 * @param {Browsers} browsers
 * @param {Record<string, string>} env
 */
export const worldTests = (browser, browsers, env) =>
  testsIn(browser, `the world in ${browser}`, WORLD_TEST_FOLDER, browsers, env);

/**
 * The test file of a folder that is for one browser.
 *
 * @param {'Chromium' | 'Firefox'} browser
 * @param {string} title
 * @param {string} folder
 * @param {Browsers} browsers
 * @param {Record<string, string>} env
 */
const testsIn = (browser, title, folder, browsers, env) =>
  suite(title, nodeCounts, (busyWith) =>
    withScratchFolder((scratch) => {
      const name = browser.toLowerCase();
      return runNodeTests([join(root, folder, `${name}.test.mjs`)], {
        log: `${folder.replace('tests', 'test').replace(sep, '-')}-${name}`,
        env: {
          ...env,
          CHROMIUM_PATH: browsers.chromium,
          CHROMEDRIVER_PATH: browsers.chromedriver,
          FIREFOX_PATH: browsers.firefox,
          TMPDIR: scratch,
        },
        busyWith,
      });
    }),
  );

/**
 * The backend's part of the API, and the table of all rules.
 *
 * @param {Record<string, string>} env
 */
export const nodeConformance = (env) =>
  suite('conformance in Node', nodeCounts, (busyWith) =>
    withScratchFolder((scratch) => {
      const browsers = ['chromium', 'firefox'].map((name) =>
        join(root, CONFORMANCE_FOLDER, `${name}.test.mjs`),
      );
      const files = testFilesUnder([join(root, CONFORMANCE_FOLDER)]).filter(
        (file) => !browsers.includes(file),
      );
      return runNodeTests(files, {
        log: 'test-conformance-node',
        env: { ...env, TMPDIR: scratch },
        busyWith,
      });
    }),
  );

/**
 * The browser SDK's own tests, compiled to wasm and run in a real browser against a relay of their own.
 *
 * @param {'Chromium' | 'Firefox'} browser
 * @param {Browsers} browsers
 */
export const wasmTests = (browser, browsers) =>
  suite(`wasm tests in ${browser}`, cargoCounts, (busyWith) =>
    withTickingRelay((url) =>
      withScratchFolder((scratch) => {
        const name = browser.toLowerCase();
        const driver =
          browser === 'Chromium'
            ? ['--chrome', '--chromedriver', browsers.chromedriver]
            : ['--firefox', '--geckodriver', join(testToolsPath, 'geckodriver')];
        return run(
          'wasm-pack',
          ['test', '--mode', 'no-install', '--headless', ...driver, join(root, 'sdk-wasm')],
          {
            log: `test-wasm-${name}`,
            env: {
              PATH: `${testToolsPath}${delimiter}${process.env.PATH ?? ''}`,
              CARGO_TERM_COLOR: 'never',
              MOZ_HEADLESS: '1',
              RELAY_TEST_URL: url,
              TMPDIR: scratch,
              WASM_BINDGEN_TEST_DRIVER_TIMEOUT: DRIVER_LIMIT_S,
              WASM_BINDGEN_TEST_TIMEOUT: WASM_TEST_LIMIT_S,
              WASM_BINDGEN_TEST_WEBDRIVER_JSON: writeCapabilities(name, browsers),
            },
            onLine: (line) => busyWith(gist(line)),
          },
        );
      }),
    ),
  );

/**
 * Does some work beside a relay of its own, on which something is published all the time.
 *
 * @template T
 * @param {(url: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withTickingRelay(work) {
  const relay = await startService({
    command: relayBinary,
    args: ['serve', '--listen', '127.0.0.1:0'],
    // Whatever the developer's own shell has: this is the key that the ticks are published with.
    env: { RELAY_API_KEY: 'dev' },
  });
  const stopTicks = publishTicks(relay.url);
  try {
    const result = await work(relay.url);
    await stopTicks();
    return result;
  } finally {
    await relay.stop();
  }
}

/**
 * Runs a suite as a step and counts what ran. The step fails when its command does, and also when it ended well
 * without running anything.
 *
 * @param {string} name
 * @param {(output: string) => Counts} count
 * @param {(busyWith: (activity: string) => void) => Promise<string>} work resolves to the runner's output
 * @returns {Promise<Counts>}
 */
function suite(name, count, work) {
  return step(name, (busyWith) => counted(name, count, () => work(busyWith)), {
    note: ({ passed }) => `${passed} passed`,
  });
}

/**
 * @param {string} name
 * @param {(output: string) => Counts} count
 * @param {() => Promise<string>} work
 * @returns {Promise<Counts>}
 */
async function counted(name, count, work) {
  let counts;
  try {
    counts = count(await work());
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    const partial = count(error.output);
    throw new TestsFailed(`${name}: ${shortfall(partial) ?? error.message}`, {
      counts: partial,
      cause: error,
    });
  }
  const lack = shortfall(counts);
  if (lack) throw new TestsFailed(`${name}: ${lack}`, { counts });
  return counts;
}

/**
 * The files named like tests, `*.test.js` or `*.test.mjs`.
 *
 * @param {string[]} folders absolute
 * @returns {string[]}
 */
function testFilesUnder(folders) {
  return filesUnder(folders).filter((file) => /\.test\.m?js$/.test(file));
}

/**
 * @param {string[]} files
 * @param {{ log: string; env: Record<string, string>; busyWith: (activity: string) => void; flags?: string[] }} options
 * @returns {Promise<string>}
 */
function runNodeTests(files, { log, env, busyWith, flags = [] }) {
  if (files.length === 0) throw new Advice(`No test file found for ${log}.`);
  const names = files.map((file) => relative(root, file));
  return run(process.execPath, ['--test', '--test-reporter=spec', ...flags, ...names], {
    log,
    env,
    onLine: (line) => busyWith(gist(line)),
  });
}

/**
 * What the drivers are told of the browsers, in the file that wasm-bindgen's test runner reads: which program to
 * start, and that it calls nobody by itself.
 *
 * @param {string} name
 * @param {Browsers} browsers
 * @returns {string} the file
 */
function writeCapabilities(name, { chromium, firefox }) {
  const file = join(buildFolder('webdriver'), `${name}.json`);
  const capabilities =
    name === 'chromium'
      ? {
          'goog:chromeOptions': {
            binary: chromium,
            args: [
              '--disable-background-networking',
              '--disable-component-update',
              // Where /dev/shm is small, as in containers, it would run out.
              '--disable-dev-shm-usage',
              '--disable-quic',
              '--no-first-run',
            ],
          },
        }
      : {
          'moz:firefoxOptions': {
            binary: firefox,
            prefs: {
              'app.update.enabled': false,
              'datareporting.policy.dataSubmissionEnabled': false,
              'network.captive-portal-service.enabled': false,
              'network.connectivity-service.enabled': false,
            },
          },
        };
  writeFileSync(file, JSON.stringify(capabilities));
  return file;
}
