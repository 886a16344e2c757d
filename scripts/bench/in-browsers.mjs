/**
 * The report's part in browsers. Whatever cannot be installed or does not work there is told, and costs the report this
 * part alone.
 */
import { faint, red, say } from '../lib/log.mjs';
import { CLIENTS, IN_BROWSER, measuredId } from './browser-plan.mjs';
import { median, values, withUnit } from './figures.mjs';

/** @typedef {import('./figures.mjs').Run} Run */
/** @typedef {import('./figures.mjs').InBrowsers} InBrowsers */
/** @typedef {typeof import('./browser-plan.mjs').BROWSERS[number]} BrowserName */

/** A round in a browser takes half a minute; one that takes longer than this hangs. */
const ROUND_LIMIT_MS = 240_000;

/**
 * @typedef {object} OpenBrowsers
 * @property {readonly BrowserName[]} names of those that can be measured in
 * @property {(browser: BrowserName, round: number) => Promise<void>} round never rejects; rounds count from 1
 * @property {() => Promise<void>} close
 */

/**
 * Sets everything up. What was measured goes into the run.
 *
 * @param {Run} run
 * @param {readonly BrowserName[]} browsers
 * @returns {Promise<OpenBrowsers>}
 */
export async function openBrowsers(run, browsers) {
  const nothing = { names: [], round: async () => {}, close: async () => {} };
  if (browsers.length === 0) return nothing;
  /** @type {InBrowsers} */
  const figures = { browsers: [...browsers], versions: {}, sizes: {}, scenarios: [], failures: [] };
  run.inBrowsers = figures;
  try {
    // Imported late: what they import is installed by then.
    const [{ setStage }, { measureRound }] = await Promise.all([
      import('./browser-stage.mjs'),
      import('./browsers.mjs'),
    ]);
    const { stub, sizes, versions } = await setStage(browsers);
    Object.assign(figures, { sizes, versions });
    const round = async (/** @type {BrowserName} */ name, /** @type {number} */ number) => {
      const before = roundsIn(figures);
      try {
        const work = measureRound(figures, { name, url: stub.url, number, withMemory: number === 1 });
        await within(ROUND_LIMIT_MS, work);
      } catch (error) {
        figures.failures.push(`${name}: ${reason(error)}`);
        say(`${red('✗')} ${number} ${name}: ${reason(error)}`);
      }
      tellRound(figures, name, number, before);
    };
    return { names: browsers, round, close: () => stub.stop() };
  } catch (error) {
    figures.failures.push(reason(error));
    say(`${red('✗')} nothing can be measured in browsers: ${reason(error)}`);
    return nothing;
  }
}

/** @param {unknown} error */
const reason = (error) => (error instanceof Error ? error.message : String(error));

/**
 * @template T
 * @param {number} ms
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
async function within(ms, work) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was given up after ${ms / 1_000} s`)), ms);
  });
  try {
    return /** @type {T} */ (await Promise.race([work, limit]));
  } finally {
    clearTimeout(timer);
  }
}

/** @param {InBrowsers} figures @returns {Map<string, number>} rounds of every cell */
const roundsIn = ({ scenarios }) =>
  new Map(
    scenarios.flatMap(({ id, servers }) =>
      Object.entries(servers).map(([client, { rounds }]) => [`${id} ${client}`, rounds.length]),
    ),
  );

/**
 * @param {InBrowsers} figures
 * @param {BrowserName} browser
 * @param {number} number
 * @param {Map<string, number>} before
 */
function tellRound(figures, browser, number, before) {
  for (const { id, headline } of IN_BROWSER) {
    const measured = figures.scenarios.find((known) => known.id === measuredId(browser, id));
    const texts = Object.entries(measured?.servers ?? {}).map(([client, { rounds, failures }]) => {
      const name = CLIENTS[/** @type {keyof typeof CLIENTS} */ (client)];
      if (rounds.length === before.get(`${measured?.id} ${client}`))
        return `${name} ${red(failures.at(-1) ?? '–')}`;
      const value = median(values(measured, client, headline).slice(-1));
      const unit = measured?.figures[headline]?.unit ?? '';
      return `${name} ${value === undefined ? '–' : withUnit(value, unit)}`;
    });
    if (texts.length > 0) say(`  ${number} ${browser}, ${id}: ${texts.join(faint(' · '))}`);
  }
}
