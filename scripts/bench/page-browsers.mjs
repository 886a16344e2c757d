/**
 * The page's section about browser SDKs.
 */

import { CLIENTS, IN_BROWSER, measuredId, PAIRED, WEIGHED } from './browser-plan.mjs';
import { besideOurs } from './browser-ratios.mjs';
import { median, values, withUnit } from './figures.mjs';
import { inline, markdownTable, NOISE, ratioWord, valueText } from './page-parts.mjs';
import { barChart } from './plot.mjs';

/** @typedef {import('./browser-plan.mjs').Client} Client */
/** @typedef {import('./browser-plan.mjs').InBrowser} InBrowser */
/** @typedef {import('./figures.mjs').InBrowsers} InBrowsers */
/** @typedef {typeof import('./browser-plan.mjs').BROWSERS[number]} BrowserName */

/** Other people's SDKs: the rest of the clients are references. */
const RIVALS = /** @type {const} */ (['centrifuge', 'pusher']);

/** @param {Client} client */
const nameOf = (client) => CLIENTS[client];

/** The same for a client in every plot. @param {Client} client */
const colourOf = (client) => Math.max(Object.keys(CLIENTS).indexOf(client), 0);

/**
 * @param {InBrowsers} figures
 * @param {string} browser
 * @param {InBrowser} measurement
 */
const found = (figures, browser, { id }) =>
  figures.scenarios.find((measured) => measured.id === measuredId(/** @type {BrowserName} */ (browser), id));

/**
 * @param {InBrowsers | undefined} figures
 * @returns {string} the section; nothing where no browser was wanted
 */
export function inBrowser(figures) {
  if (!figures) return '';
  const parts = [
    '## In the browser',
    'Fresh pages of real browsers, talking to a stub in Node that answers a subscription in each client’s own protocol ' +
      'and sends frames that were encoded before; how busy that keeps one core is beside the figures that it could ' +
      'limit. Plain JavaScript (`onmessage`, `JSON.parse`, a handler) and two small modules of wasm show what the ' +
      'browser itself allows; they keep no state and lose what a client is there for.',
    isPaired(figures) ? NEIGHBOURS : '',
    figures.pagesHadACore ? CORES : '',
    download(figures),
    ...IN_BROWSER.map((measurement) => section(figures, measurement)),
    border(figures),
  ];
  return parts.filter(Boolean).join('\n\n');
}

/** How ratios are made, where neighbours were measured. */
const NEIGHBOURS =
  'A browser’s own speed changes from page to page by more than clients differ. So ratios are of neighbours: for ' +
  'messages, our SDK and one other client are both in one page and take turns of a fraction of a second, ' +
  'A-B-B-A, once both have become steady, and what counts is the median of the ratios of two turns side by side; ' +
  'for starts, it is the median of the ratios of pages loaded one after the other. They are not the ratios of the ' +
  'medians in the same table.';

/** What was done about the browser's processes. */
const CORES =
  'While messages are measured, the process of the page has one core, and the browser’s other processes and the stub ' +
  'have another.';

/** @param {InBrowsers} figures */
const isPaired = ({ scenarios }) => scenarios.some(({ figures }) => PAIRED in figures);

/** @param {InBrowsers} figures */
function download({ sizes }) {
  const rows = WEIGHED.flatMap((client) => {
    const size = sizes[client];
    return size ? [[nameOf(client), ...[size.bytes, size.gzip, size.brotli].map(kilobytes)]] : [];
  });
  if (rows.length === 0) return '';
  return [
    '### What a page downloads',
    'Each SDK in one module, bundled and minified by the same bundler; ours has its wasm in it.',
    markdownTable([['', 'minified', 'gzip', 'brotli'], ...rows], 0),
  ].join('\n\n');
}

/** @param {number} bytes */
const kilobytes = (bytes) => `${(bytes / 1_000).toFixed(1)} KB`;

/**
 * @param {InBrowsers} figures
 * @param {InBrowser} measurement
 */
function section(figures, measurement) {
  const { title, does, headline, clients } = measurement;
  const columns = figures.browsers.flatMap((browser) => {
    const measured = found(figures, browser, measurement);
    return measured ? [{ browser, measured }] : [];
  });
  if (columns.length === 0) return '';
  const further = [...new Set(columns.flatMap(({ measured }) => Object.keys(measured.figures)))].filter(
    (figure) => figure !== headline && figure !== PAIRED,
  );
  const rating = measurement.isRated === false ? [] : [PAIRED];
  const head = ['', ...columns.flatMap(({ browser }) => [`${browser}: ${headline}`, ...rating, ...further])];
  const rows = clients.map((client) => [
    nameOf(client),
    ...columns.flatMap(({ measured }) => [
      valueText(measured, client, headline, true),
      ...rating.map(() => (client === 'relay' ? '' : ratioText(measured, client, headline))),
      ...further.map((figure) => valueText(measured, client, figure)),
    ]),
  ]);
  const failures = columns.flatMap(({ browser, measured }) =>
    Object.entries(measured.servers).flatMap(([client, cell]) =>
      cell.failures.slice(0, 1).map((why) => {
        const tries = cell.failures.length + cell.rounds.length;
        const name = nameOf(/** @type {Client} */ (client));
        return `- ${browser}, ${name}: ${cell.failures.length} of ${tries} failed: ${inline(why)}`;
      }),
    ),
  );
  return [`### ${title}`, does, markdownTable([head, ...rows], 0), failures.join('\n')]
    .filter(Boolean)
    .join('\n\n');
}

/**
 * @param {import('./figures.mjs').Measured} measured
 * @param {Client} client
 * @param {string} figure
 */
function ratioText(measured, client, figure) {
  const ratio = besideOurs(measured, client, figure);
  return ratio === undefined ? '–' : ratioWord(ratio);
}

/**
 * What the border between JavaScript and wasm costs, out of the figures.
 *
 * @param {InBrowsers} figures
 */
function border(figures) {
  const lines = figures.browsers.flatMap((browser) =>
    IN_BROWSER.flatMap((measurement) => {
      const measured = found(figures, browser, measurement);
      const [plain, events, stream] = /** @type {const} */ (['plain', 'events', 'stream']).map(
        (client) => measured && besideOurs(measured, client, 'messages'),
      );
      if (!plain || !events || !stream) return [];
      // Each was measured beside ours.
      const share = (/** @type {number} */ ours) => (plain / ours).toFixed(2);
      return [
        `- ${browser}, ${measurement.id === 'single' ? 'one message to a frame' : 'messages joined'}: of what plain ` +
          `JavaScript handles, wasm by events ${share(events)}, wasm by the stream ${share(stream)}, our SDK ${share(1)}.`,
      ];
    }),
  );
  if (lines.length === 0) return '';
  return [
    '### What the border to wasm costs',
    'Our SDK hears its socket in JavaScript and has the browser parse each frame; of a message two numbers go into the ' +
      'wasm, and whom it is for comes out. The two small modules show what else there is. By web-sys’ events wasm hears ' +
      'the socket, leaves the text in the browser and reads each parsed message. gloo-net’s stream copies every text into ' +
      'wasm, where an executor wakes a task for it, and the text goes back to be parsed.',
    lines.join('\n'),
  ].join('\n\n');
}

/**
 * What other SDKs did better.
 *
 * @param {InBrowsers | undefined} figures
 * @returns {string[]} lines of a list
 */
export function browserLosses(figures) {
  if (!figures) return [];
  const lines = RIVALS.flatMap((rival) => {
    const [ours, theirs] = [figures.sizes.relay?.gzip, figures.sizes[rival]?.gzip];
    if (!ours || !theirs || ours <= theirs) return [];
    return [
      `- Download: **${nameOf(rival)}** has ${kilobytes(theirs)} with gzip, our SDK ${kilobytes(ours)}`,
    ];
  });
  for (const browser of figures.browsers) {
    for (const measurement of IN_BROWSER.filter(({ isRated }) => isRated !== false)) {
      const measured = found(figures, browser, measurement);
      for (const rival of RIVALS) {
        const ratio = measured && besideOurs(measured, rival, measurement.headline);
        if (!ratio || ratio >= 1 - NOISE) continue;
        const [theirs, ours] = /** @type {const} */ ([rival, 'relay']).map((client) =>
          valueText(measured, client, measurement.headline),
        );
        lines.push(
          `- ${measurement.title}, ${browser}: **${nameOf(rival)}** is ${(1 / ratio).toFixed(2)} times as good ` +
            `(${theirs}, our SDK ${ours})`,
        );
      }
    }
  }
  return lines;
}

/**
 * @param {InBrowsers | undefined} figures
 * @returns {Record<string, string>} plots by their paths
 */
export function browserCharts(figures) {
  if (!figures) return {};
  /** @type {Record<string, string>} */
  const files = {};
  const weights = WEIGHED.flatMap((client) => {
    const gzip = figures.sizes[client]?.gzip;
    return gzip
      ? [{ label: nameOf(client), value: gzip, text: kilobytes(gzip), colour: colourOf(client) }]
      : [];
  });
  if (weights.length > 0)
    files['benchmarks/browser-download.svg'] = barChart(
      'KB that a page downloads, gzip: less is better',
      weights,
    );
  for (const measurement of IN_BROWSER.filter(({ id }) => id !== 'memory')) {
    const bars = figures.browsers.flatMap((browser) => {
      const measured = found(figures, browser, measurement);
      return measurement.clients.flatMap((client) => {
        const value = median(values(measured, client, measurement.headline));
        const unit = measured?.figures[measurement.headline]?.unit ?? '';
        const label = `${nameOf(client)}, ${browser}`;
        return value ? [{ label, value, text: withUnit(value, unit), colour: colourOf(client) }] : [];
      });
    });
    if (bars.length > 0)
      files[`benchmarks/browser-${measurement.id}.svg`] = barChart(plotTitle(measurement), bars);
  }
  return files;
}

/** @param {InBrowser} measurement */
const plotTitle = ({ id, title }) =>
  id === 'start' ? `${title}, ms: less is better` : `${title}: more is better`;
