/**
 * The figures of a run: what is kept of them, and what they amount to.
 */

/** @typedef {{ unit: string, better: 'higher' | 'lower' | 'neither' }} Kind */

/**
 * What one server did in one scenario.
 *
 * @typedef {object} Cell
 * @property {Record<string, number>[]} rounds the figures of each round that was whole
 * @property {string[]} failures why there is nothing of other rounds
 */

/**
 * @typedef {object} Measured a scenario that was measured
 * @property {string} id as the plan has it
 * @property {Record<string, Kind>} figures what the figures are, in the order of their rows
 * @property {Record<string, Cell>} servers by the names that `--servers` takes
 */

/** @typedef {{ bytes: number, gzip: number, brotli: number }} Size of what a page downloads, bundled and minified */

/**
 * @typedef {object} InBrowsers what was measured in browsers
 * @property {string[]} browsers
 * @property {Record<string, string>} versions of browsers and SDKs
 * @property {Record<string, Size>} sizes of the clients that are packages
 * @property {Measured[]} scenarios by the ids that `measuredId` gives; their servers are clients
 * @property {string[]} failures of whole browsers
 * @property {boolean} [pagesHadACore] while messages were measured, pages had a core that nothing else ran on
 */

/**
 * @typedef {object} Run everything that the page is made of
 * @property {1} format
 * @property {string} command that measured
 * @property {string} began day and time, UTC
 * @property {string} commit of the sources, with a plus where they were changed
 * @property {string} machine
 * @property {Record<string, string>} versions of the servers and of what ran them
 * @property {{ rounds: number, seconds: number, patience: number }} how
 * @property {string[]} servers in the order of the columns
 * @property {{ server: string, why: string }[]} missing servers that were asked for and could not be installed
 * @property {boolean} complete whether every round was done
 * @property {Measured[]} scenarios
 * @property {InBrowsers} [inBrowsers]
 */

/**
 * What the load generator printed for one scenario on one server.
 *
 * @typedef {object} Printed
 * @property {string} machine
 * @property {{ figures: { name: string, unit: string, better: Kind['better'],
 *   servers: Record<string, { median: number }> }[] }[]} scenarios
 */

/** @typedef {{ value: number } & Kind} Figure */

/**
 * Adds what the load generator printed of a round.
 *
 * @param {Run} run
 * @param {string} id the scenario's
 * @param {string} server
 * @param {{ printed: Printed } | { failure: string }} outcome
 */
export function addRound(run, id, server, outcome) {
  if ('failure' in outcome) return addFigures(run, id, server, outcome);
  /** @type {Record<string, Figure>} */
  const figures = {};
  for (const { name, unit, better, servers } of outcome.printed.scenarios[0]?.figures ?? []) {
    figures[name] = { unit, better, value: Object.values(servers)[0]?.median ?? Number.NaN };
  }
  addFigures(run, id, server, { figures });
}

/**
 * Adds a round.
 *
 * @param {{ scenarios: Measured[] }} run
 * @param {string} id the scenario's
 * @param {string} server or client
 * @param {{ figures: Record<string, Figure> } | { failure: string }} outcome
 */
export function addFigures(run, id, server, outcome) {
  let measured = run.scenarios.find((known) => known.id === id);
  if (!measured) {
    measured = { id, figures: {}, servers: {} };
    run.scenarios.push(measured);
  }
  measured.servers[server] ??= { rounds: [], failures: [] };
  const cell = measured.servers[server];
  if ('failure' in outcome) {
    cell.failures.push(outcome.failure);
    return;
  }
  /** @type {Record<string, number>} */
  const round = {};
  for (const [name, { value, unit, better }] of Object.entries(outcome.figures)) {
    measured.figures[name] = { unit, better };
    if (Number.isFinite(value)) round[name] = value;
  }
  cell.rounds.push(round);
}

/**
 * @param {readonly number[]} values
 * @returns {number | undefined} the one in the middle, or the mean of the two there
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/**
 * The values of a figure, one for each round that gave it.
 *
 * @param {Measured | undefined} measured
 * @param {string} server
 * @param {string} figure
 * @returns {number[]}
 */
export function values(measured, server, figure) {
  const rounds = measured?.servers[server]?.rounds ?? [];
  return rounds.map((round) => round[figure]).filter((value) => value !== undefined);
}

/**
 * What one server's figure was to another's: the median of what it was in each of their turns. They came one after the
 * other, so a machine that is slower for a while is slower for both, and the median of each by itself may be of different
 * moments. Where they did not take the same turns, the one's median to the other's.
 *
 * @param {Measured | undefined} measured
 * @param {string} one
 * @param {string} other
 * @param {string} figure
 * @returns {number | undefined} nothing where one of them has no figure
 */
export function ratioOf(measured, one, other, figure) {
  const [ones, others] = [measured?.servers[one], measured?.servers[other]];
  if (!ones || !others) return undefined;
  const tookTurns =
    ones.rounds.length === others.rounds.length && ones.failures.length + others.failures.length === 0;
  if (tookTurns) {
    const ratios = ones.rounds.map(
      (round, turn) => (round[figure] ?? 0) / (others.rounds[turn]?.[figure] ?? 0),
    );
    return median(ratios.filter((ratio) => ratio > 0 && Number.isFinite(ratio)));
  }
  const [ours, theirs] = [one, other].map((server) => median(values(measured, server, figure)));
  return ours && theirs ? ours / theirs : undefined;
}

/**
 * How many times as good the relay was as another server: above 1 the relay is ahead, whichever way the figure counts.
 *
 * @param {Measured} measured
 * @param {string} server
 * @param {string} figure
 * @returns {number | undefined} nothing where one of them has no figure, or where it is neither good nor bad
 */
export function advantage(measured, server, figure) {
  const better = measured.figures[figure]?.better;
  if (better === undefined || better === 'neither') return undefined;
  return better === 'higher'
    ? ratioOf(measured, 'relay', server, figure)
    : ratioOf(measured, server, 'relay', figure);
}

/**
 * A number with three digits that count, and thousands set apart.
 *
 * @param {number} value
 * @returns {string}
 */
export function rounded(value) {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  const step = value >= 1_000 ? 10 ** (Math.floor(Math.log10(value)) - 2) : 0;
  const kept = step ? Math.round(value / step) * step : value;
  return kept.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/**
 * @param {number} value
 * @param {string} unit
 * @returns {string}
 */
export const withUnit = (value, unit) =>
  unit === '' || unit === '/s' ? `${rounded(value)}${unit}` : `${rounded(value)} ${unit}`;
