/**
 * Finds the browsers and drivers that the tests run in, and installs Debian's where one is missing.
 */
import { Advice } from './failure.mjs';
import { say } from './log.mjs';
import { run } from './run.mjs';
import { installSystemPackages } from './system-packages.mjs';
import { which } from './which.mjs';

/**
 * @typedef {object} Browsers
 * @property {string} chromium
 * @property {string} chromedriver
 * @property {string} firefox
 */

/** In order of preference; the environment variable wins over them. */
const PROGRAMS = /** @type {const} */ ({
  chromium: {
    variable: 'CHROMIUM_PATH',
    names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
    debian: ['chromium', 'fonts-liberation'],
  },
  chromedriver: { variable: 'CHROMEDRIVER_PATH', names: ['chromedriver'], debian: ['chromium-driver'] },
  firefox: { variable: 'FIREFOX_PATH', names: ['firefox-esr', 'firefox'], debian: ['firefox-esr'] },
});

const KINDS = /** @type {(keyof typeof PROGRAMS)[]} */ (Object.keys(PROGRAMS));

/**
 * All three, installed when they were missing.
 *
 * @returns {Promise<Browsers>}
 */
export async function ensureBrowsers() {
  const missing = KINDS.filter((kind) => !find(kind));
  if (missing.length > 0) {
    const packages = missing.flatMap((kind) => [...PROGRAMS[kind].debian]);
    await installSystemPackages(packages, 'the browser tests');
  }
  const browsers = {
    chromium: found('chromium'),
    chromedriver: found('chromedriver'),
    firefox: found('firefox'),
  };
  await warnOfUnequalVersions(browsers);
  return browsers;
}

/** @param {keyof typeof PROGRAMS} kind */
const find = (kind) => process.env[PROGRAMS[kind].variable] || which(PROGRAMS[kind].names);

/**
 * @param {keyof typeof PROGRAMS} kind
 * @returns {string}
 */
function found(kind) {
  const path = find(kind);
  if (path) return path;
  throw new Advice(
    `${kind} is not on PATH, though its package is installed; name it in ${PROGRAMS[kind].variable}.`,
  );
}

/**
 * A chromedriver drives only the Chromium of its own major version, and its error does not say so well.
 *
 * @param {Browsers} browsers
 */
async function warnOfUnequalVersions({ chromium, chromedriver }) {
  const [browser, driver] = await Promise.all([chromium, chromedriver].map(majorVersion));
  if (browser === driver) return;
  say(`  note: ${chromium} is version ${browser}, ${chromedriver} ${driver}; tests in it may fail to start`);
}

/**
 * @param {string} program
 * @returns {Promise<string>} such as "156"
 */
async function majorVersion(program) {
  const answer = await run(program, ['--version']);
  return /(\d+)\.\d+/.exec(answer)?.[1] ?? answer;
}
