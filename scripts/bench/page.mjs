/**
 * The page of a run: tables and plots, made of its figures alone, so that the same figures give the same page.
 */
import { advantage, median, rounded, values } from './figures.mjs';
import { browserCharts, browserLosses, inBrowser } from './page-browsers.mjs';
import { goals } from './page-goals.mjs';
import { inline, markdownTable, NOISE, ratioWord, valueText } from './page-parts.mjs';
import { SCENARIOS, SELDOM_ROUNDS, SELDOM_SERVERS, SERIES, SERVERS } from './plan.mjs';
import { barChart, lineChart } from './plot.mjs';

/** @typedef {import('./figures.mjs').Run} Run */
/** @typedef {import('./figures.mjs').Measured} Measured */
/** @typedef {import('./plan.mjs').Scenario} Scenario */

/** What the load generator calls the cores that others kept busy during a round, and from where on that disturbs. */
const OTHERS = 'cores busy with others';
const QUIET_CORES = 0.15;

/** The reference: nobody's product, and without any of the work that a relay is there for. */
const LIMIT = 'bare';

/**
 * The page and its plots, by their paths from the folder that they are written to.
 *
 * @param {Run} run
 * @returns {Record<string, string>} contents
 */
export function renderReport(run) {
  const files = { ...plots(run), ...browserCharts(run.inBrowsers) };
  const sections = [
    heading(run),
    goals(run),
    summary(run),
    inBrowser(run.inBrowsers),
    behind(run),
    charts(files),
    details(run),
    howMeasured(run),
    failures(run),
  ];
  return { 'benchmarks.md': `${sections.filter(Boolean).join('\n\n')}\n`, ...files };
}

/** @param {string} server */
const nameOf = (server) => SERVERS[/** @type {keyof typeof SERVERS} */ (server)] ?? server;

/** @param {Run} run */
const others = (run) => run.servers.filter((server) => server !== 'relay');

/** The scenarios of a run that the plan knows, in the plan's order. @param {Run} run */
function measuredScenarios(run) {
  return SCENARIOS.flatMap((scenario) => {
    const measured = run.scenarios.find(({ id }) => id === scenario.id);
    return measured ? [{ scenario, measured }] : [];
  });
}

/** @param {Run} run */
function heading({ began, machine, commit, how, complete }) {
  const rounds = how.rounds === 1 ? 'one round' : `medians of up to ${how.rounds} rounds`;
  const lines = [
    '# Benchmarks',
    `How the relay does beside other servers on one core: ${rounds} of ${how.seconds} s, servers taking turns, on ` +
      `${machine}, ${began.slice(0, 10)}, commit ${commit}. This page, its plots and ` +
      '[the figures of every round](benchmarks/figures.json) are written by one command, see ' +
      '[how it was measured](#how-it-was-measured).',
    'Read the ratios; absolute figures move with the machine, for all servers alike.',
  ];
  if (!complete)
    lines.push('**The run was cut short.** What is here was measured; what is missing was not reached.');
  return lines.join('\n\n');
}

/** @param {Run} run */
function summary(run) {
  const rivals = others(run);
  const rows = measuredScenarios(run).filter(({ scenario }) => !scenario.growth);
  if (rows.length === 0 || rivals.length === 0) return '';
  const table = [
    ['scenario', 'figure', 'relay', ...rivals.map((server) => `vs ${nameOf(server)}`)],
    ...rows.map(({ scenario, measured }) => [
      scenario.title,
      scenario.headline,
      valueText(measured, 'relay', scenario.headline),
      ...rivals.map((server) => ratioText(measured, server, scenario.headline)),
    ]),
  ];
  return [
    '## The relay beside the others',
    'How many times as good the relay was: above 1 it is ahead, below 1 (bold) the other one is, whether more or less ' +
      'is better. It is the median of what it was turn by turn, because a machine that changes its speed between two rounds ' +
      'changes it for both; beside those who took part in fewer rounds, the median of one to that of the other. The ' +
      'bare loop is no rival but the limit: an epoll loop that does nothing except write, what this kernel allows with one `write` for each subscriber. Where frames are large, the relay passes it by sharing pages of memory ' +
      'between sockets.',
    markdownTable(table, 2),
  ].join('\n\n');
}

/**
 * @param {Measured} measured
 * @param {string} server
 * @param {string} figure
 */
function ratioText(measured, server, figure) {
  const ratio = advantage(measured, server, figure);
  if (ratio === undefined) return measured.servers[server]?.failures.length ? 'failed' : '–';
  return ratioWord(ratio);
}

/** Everything that another server did better, out of the figures. @param {Run} run */
function behind(run) {
  const rivals = others(run).filter((server) => server !== LIMIT);
  if (rivals.length === 0 && !run.inBrowsers) return '';
  const lines = measuredScenarios(run).flatMap(({ scenario, measured }) =>
    rivals.flatMap((server) =>
      Object.keys(measured.figures).flatMap((figure) => {
        const ratio = advantage(measured, server, figure);
        if (ratio === undefined || ratio >= 1 - NOISE) return [];
        const [theirs, ours] = [server, 'relay'].map((who) => valueText(measured, who, figure));
        const times = (1 / ratio).toFixed(2);
        return [
          `- ${scenario.title}: **${nameOf(server)}** is ${times} times as good in ${figure} (${theirs}, relay ${ours})`,
        ];
      }),
    ),
  );
  const told = [...lines, ...browserLosses(run.inBrowsers)];
  const text = told.length
    ? told.join('\n')
    : `Nowhere in this run: in no figure of any scenario was ${rivals.map(nameOf).join(', ')} ahead by more than 3 %.`;
  return `## Where others are ahead\n\n${text}`;
}

/** @param {Record<string, string>} files */
function charts(files) {
  const images = Object.entries(files).map(([path, svg]) => {
    const label = /aria-label="([^"]*)"/.exec(svg)?.[1] ?? '';
    return `![${label}](${path})`;
  });
  return images.length ? `## Plots\n\n${images.join('\n\n')}` : '';
}

/** @param {Run} run @returns {Record<string, string>} */
function plots(run) {
  /** @type {Record<string, string>} */
  const files = {};
  for (const { scenario, measured } of measuredScenarios(run)) {
    const bars = run.servers.flatMap((server) => {
      const value = median(values(measured, server, scenario.headline));
      const text = valueText(measured, server, scenario.headline);
      return value === undefined ? [] : [{ label: nameOf(server), value, text, colour: colourOf(server) }];
    });
    if (scenario.plot && bars.length > 0)
      files[`benchmarks/${scenario.id}.svg`] = barChart(scenario.plot, bars);
  }
  for (const series of SERIES) {
    const points = measuredScenarios(run).filter(({ scenario }) => scenario.growth?.id === series.id);
    const lines = run.servers
      .map((server) => ({
        label: nameOf(server),
        colour: colourOf(server),
        points: points.flatMap(({ scenario, measured }) => {
          const y = median(values(measured, server, series.headline));
          return y ? [{ x: scenario.growth?.at ?? 1, y }] : [];
        }),
      }))
      .filter((line) => line.points.length > 1);
    const axes = { x: series.axis, y: 'µs of the server’s core for each delivery; less is better' };
    if (lines.length > 0) files[`benchmarks/growth-${series.id}.svg`] = lineChart(series.title, axes, lines);
  }
  return files;
}

/** The same for a server in every plot. @param {string} server */
const colourOf = (server) => Math.max(Object.keys(SERVERS).indexOf(server), 0);

/** @param {Run} run */
function details(run) {
  const parts = measuredScenarios(run)
    .filter(({ scenario }) => !scenario.growth)
    .map(({ scenario, measured }) =>
      [`### ${scenario.title}`, scenario.does, figureTable(run, measured)].join('\n\n'),
    );
  const growth = SERIES.flatMap((series) => {
    const points = measuredScenarios(run).filter(({ scenario }) => scenario.growth?.id === series.id);
    if (points.length === 0) return [];
    const servers = run.servers.filter((server) => points.some(({ measured }) => measured.servers[server]));
    const table = [
      [series.axis, ...servers.map(nameOf)],
      ...points.map(({ scenario, measured }) => [
        (scenario.growth?.at ?? 0).toLocaleString('en-US'),
        ...servers.map((server) => valueText(measured, server, series.headline)),
      ]),
    ];
    return [`### ${series.title}\n\n${series.does}\n\n${markdownTable(table, 0)}`];
  });
  const all = [...parts, ...growth];
  return all.length > 0 ? ['## Every figure', ...all].join('\n\n') : '';
}

/**
 * @param {Run} run
 * @param {Measured} measured
 */
function figureTable(run, measured) {
  const servers = run.servers.filter((server) => measured.servers[server]);
  return markdownTable(
    [
      ['', ...servers.map(nameOf)],
      ...Object.keys(measured.figures).map((figure) => [
        figure,
        ...servers.map((server) => valueText(measured, server, figure, true)),
      ]),
      ['rounds', ...servers.map((server) => String(measured.servers[server]?.rounds.length ?? 0))],
    ],
    0,
  );
}

/** @param {Run} run */
function howMeasured(run) {
  const disturbed = run.scenarios.flatMap((measured) =>
    Object.keys(measured.servers).flatMap((server) => values(measured, server, OTHERS)),
  );
  const noisy = disturbed.filter((cores) => cores > QUIET_CORES).length;
  const quiet =
    disturbed.length === 0
      ? ''
      : noisy === 0
        ? 'Nothing else kept the machine busy during any round.'
        : `Other programs kept more than ${QUIET_CORES} cores busy during ${noisy} of ${disturbed.length} rounds, ` +
          `${rounded(Math.max(...disturbed))} cores at the worst.`;
  const versions = Object.entries({ ...run.versions, ...run.inBrowsers?.versions }).map(
    ([name, version]) => `${name} ${version}`,
  );
  return [
    '## How it was measured',
    `By \`${run.command}\`, begun ${run.began.replace('T', ' ').slice(0, 16)} UTC, on ${run.machine}. ` +
      'To make this page and its plots again from the figures, without measuring: ' +
      '`npm run bench -- report --from docs/benchmarks/figures.json`.',
    `Versions: ${versions.join(', ')}.`,
    'Each round starts a server anew on one core and plays all clients from another with one thread; the servers take ' +
      `turns. ${SELDOM_SERVERS.map(nameOf).join(', ')} take part in the first ${SELDOM_ROUNDS} rounds, once in each; ` +
      'memory, which hardly differs from round to round, is measured in those. ' +
      'Every message is checked for every subscriber, gaps, doubles, order and bytes: a fault ends the round ' +
      'without a figure. The load has a core for itself and never sleeps there, because a server that writes to somebody ' +
      'asleep would have to wake him, which clients elsewhere do not cost it. The relay runs with all it ' +
      'has (positions, history in memory, keys, limits, metrics); the others are given the least work: no permissions, no history, no keys, and messages as plain lines; NATS, which has ' +
      'no HTTP for publishing, is published to in its own protocol. What limited ' +
      'a figure is beside it: where the load’s core is full, the figure is the load’s and not the server’s. ' +
      `${quiet} More in [bench/README.md](../bench/README.md).`,
  ].join('\n\n');
}

/** What could not be measured, and why. @param {Run} run */
function failures(run) {
  const inBrowsers = run.inBrowsers?.failures ?? [];
  const lines = [
    ...inBrowsers.map((why) => `- In browsers: ${inline(why)}`),
    ...run.missing.map(({ server, why }) => `- ${nameOf(server)} could not be installed: ${inline(why)}`),
    ...measuredScenarios(run).flatMap(({ scenario, measured }) =>
      Object.entries(measured.servers).flatMap(([server, { failures: all, rounds }]) => {
        const [first] = all;
        if (first === undefined) return [];
        const tries = all.length + rounds.length;
        return [
          `- ${nameOf(server)}, ${scenario.title}: ${all.length} of ${tries} rounds failed: ${inline(first)}`,
        ];
      }),
    ),
  ];
  return lines.length ? `## What failed\n\n${lines.join('\n')}` : '';
}
