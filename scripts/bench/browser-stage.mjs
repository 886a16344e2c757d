/**
 * Everything that measuring in browsers needs: the SDKs as bundles, the wasm that shows what the border costs, the
 * browsers, and the stub that serves and feeds the page. Built and installed when it is missing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../../bench/browser/bundle.mjs';
import { Stub } from '../../bench/browser/stub/server.mjs';
import { ensureBrowsers } from '../lib/browsers.mjs';
import { ensureBenchBrowserPeers } from '../lib/node-packages.mjs';
import { packPackages, unpackedFrontend } from '../lib/packages.mjs';
import { buildFolder, root } from '../lib/project.mjs';
import { run } from '../lib/run.mjs';
import { ensureGeckodriver } from '../lib/test-tools.mjs';
import { buildOtherWasm, buildWasm } from '../lib/wasm.mjs';
import { WEIGHED } from './browser-plan.mjs';

/** The crate with the two ways over the border. */
const BORDER = 'realtime-bench-border';

/**
 * @typedef {object} BrowserStage
 * @property {Stub} stub
 * @property {Record<string, import('./figures.mjs').Size>} sizes of the bundles
 * @property {Record<string, string>} versions of browsers and SDKs
 */

/**
 * Builds, installs, and starts the stub.
 *
 * @param {readonly string[]} browsers those that are wanted
 * @returns {Promise<BrowserStage>}
 */
export async function setStage(browsers) {
  await buildWasm();
  const border = buildFolder('bench-border');
  await buildOtherWasm(BORDER, border);
  const sdk = await unpackedFrontend((await packPackages()).frontend);
  await ensureBenchBrowserPeers();
  const programs = await ensureBrowsers();
  if (browsers.includes('Firefox')) await ensureGeckodriver();

  /** @type {Record<string, string | Buffer>} */
  const files = {};
  /** @type {BrowserStage['sizes']} */
  const sizes = {};
  for (const name of WEIGHED) {
    const { code, ...size } = await bundle(name, sdk);
    files[`/clients/${name}.js`] = code;
    sizes[name] = size;
  }
  const module = BORDER.replaceAll('-', '_');
  for (const file of [`${module}.js`, `${module}_bg.wasm`])
    files[`/border/${file}`] = readFileSync(join(border, file));
  return { stub: await Stub.start(files), sizes, versions: await versions(programs, browsers) };
}

/**
 * @param {import('../lib/browsers.mjs').Browsers} programs
 * @param {readonly string[]} browsers
 * @returns {Promise<Record<string, string>>}
 */
async function versions({ chromium, firefox }, browsers) {
  const file = join(root, 'bench', 'browser', 'package.json');
  /** @type {Record<string, string>} */
  const found = { ...JSON.parse(readFileSync(file, 'utf8')).dependencies };
  for (const [name, program] of Object.entries({ Chromium: chromium, Firefox: firefox })) {
    if (!browsers.includes(name)) continue;
    found[name] = /\d+(\.\d+)+/.exec(await run(program, ['--version']))?.[0] ?? 'of an unknown version';
  }
  return found;
}
