/**
 * Plots as SVG, readable on light and on dark pages: text and grid follow `prefers-color-scheme`, the series' colours
 * stand out on both.
 */

/** Of the series: told apart also by those who see no red or no green. */
const COLOURS = ['#0a7cff', '#8a8f98', '#e8710a', '#a142f4', '#12a37f', '#d9487d', '#b38600'];

const FONT = 'system-ui, -apple-system, Segoe UI, Roboto, sans-serif';

const STYLE = `<style>
text { font: 13px ${FONT}; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.faint { fill: #59636e }
.grid { stroke: #d1d9e0; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .faint { fill: #9198a1 }
  .grid { stroke: #3d444d }
}
</style>`;

export const WIDTH = 760;

/** @param {string} text */
export const escaped = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Two digits behind the point are finer than a screen. @param {number} value */
export const px = (value) => String(Math.round(value * 100) / 100);

/**
 * @param {number} height
 * @param {string} title what the picture shows, also for those who cannot see it
 * @param {string[]} parts
 */
export const svg = (height, title, parts) =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    STYLE,
    `<text class="title" x="8" y="22">${escaped(title)}</text>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');

/**
 * Horizontal bars with their values beside them.
 *
 * @param {string} title
 * @param {{ label: string, value: number, text: string, colour: number }[]} bars the colour as a number from 0
 * @returns {string} a file's content
 */
export function barChart(title, bars) {
  // Letters of this font are 7 pixels wide, few of them more.
  const left = Math.max(96, 16 + 7 * Math.max(...bars.map(({ label }) => label.length)));
  const [right, top, row] = [110, 40, 30];
  const most = Math.max(...bars.map(({ value }) => value));
  const scale = most > 0 ? (WIDTH - left - right) / most : 0;
  const parts = bars.flatMap(({ label, value, text, colour }, index) => {
    const y = top + index * row;
    const width = Math.max(value * scale, 1);
    return [
      `<text x="${left - 8}" y="${y + 16}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${left}" y="${y}" width="${px(width)}" height="22" rx="3" fill="${colourOf(colour)}"/>`,
      `<text class="faint" x="${px(left + width + 8)}" y="${y + 16}">${escaped(text)}</text>`,
    ];
  });
  return svg(top + bars.length * row + 8, title, parts);
}

/**
 * Lines through points; both axes count in powers of ten.
 *
 * @param {string} title
 * @param {{ x: string, y: string }} axes
 * @param {{ label: string, colour: number, points: { x: number, y: number }[] }[]} lines points with values above 0,
 *   from left to right
 * @returns {string} a file's content
 */
export function lineChart(title, axes, lines) {
  const [left, right, top, bottom, height] = [64, 110, 64, 44, 380];
  const all = lines.flatMap(({ points }) => points);
  const x = logScale(
    all.map((point) => point.x),
    left,
    WIDTH - right,
  );
  const y = logScale(
    all.map((point) => point.y),
    height - bottom,
    top,
  );
  const parts = [`<text class="faint" x="8" y="44">${escaped(axes.y)}</text>`];
  for (const value of y.ticks) {
    const at = px(y.at(value));
    parts.push(
      `<line class="grid" x1="${left}" x2="${WIDTH - right}" y1="${at}" y2="${at}"/>`,
      `<text class="faint" x="${left - 8}" y="${px(y.at(value) + 4)}" text-anchor="end">${plain(value)}</text>`,
    );
  }
  for (const value of [...new Set(all.map((point) => point.x))].sort((a, b) => a - b)) {
    parts.push(
      `<text class="faint" x="${px(x.at(value))}" y="${height - bottom + 20}" text-anchor="middle">${plain(value)}</text>`,
    );
  }
  const middle = (left + WIDTH - right) / 2;
  parts.push(
    `<text class="faint" x="${middle}" y="${height - 6}" text-anchor="middle">${escaped(axes.x)}</text>`,
  );
  lines.forEach(({ label, points, colour }, index) => {
    const places = points.map((point) => `${px(x.at(point.x))},${px(y.at(point.y))}`);
    parts.push(
      `<polyline points="${places.join(' ')}" fill="none" stroke="${colourOf(colour)}" stroke-width="2.5"/>`,
    );
    for (const place of places) {
      const [cx, cy] = place.split(',');
      parts.push(`<circle cx="${cx}" cy="${cy}" r="4" fill="${colourOf(colour)}"/>`);
    }
    // A legend in a corner: labels at the ends of the lines would cover one another where lines meet.
    const row = top + 8 + index * 22;
    parts.push(
      `<circle cx="${WIDTH - right + 22}" cy="${row}" r="5" fill="${colourOf(colour)}"/>`,
      `<text x="${WIDTH - right + 34}" y="${row + 4}">${escaped(label)}</text>`,
    );
  });
  return svg(height, title, parts);
}

/** @param {number} number */
export const colourOf = (number) => COLOURS[number % COLOURS.length] ?? '';

/** @param {number} value */
const plain = (value) => value.toLocaleString('en-US', { maximumSignificantDigits: 3 });

/**
 * @param {number[]} numbers all above 0
 * @param {number} from where the lowest of them is drawn, in pixels
 * @param {number} to
 */
function logScale(numbers, from, to) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const ticks = ticksBetween(low, high);
  const start = Math.log10(Math.min(low, ticks[0] ?? low));
  const end = Math.log10(Math.max(high, ticks.at(-1) ?? high));
  const span = end - start || 1;
  return {
    ticks,
    /** @param {number} value */
    at: (value) => from + ((Math.log10(value) - start) / span) * (to - from),
  };
}

/**
 * 1, 2 and 5 times the powers of ten that the numbers lie between, one further on either side; only the powers where
 * that would be many.
 *
 * @param {number} low
 * @param {number} high
 */
function ticksBetween(low, high) {
  const powers = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    powers.push(power);
  const steps = powers.length > 3 ? [1] : [1, 2, 5];
  // Through text: 0.1 and 3 * 0.1 are then as exact as numbers get.
  const ticks = powers.flatMap((power) => steps.map((step) => Number(`${step}e${power}`)));
  const first = ticks.findLastIndex((tick) => tick <= low);
  const last = ticks.findIndex((tick) => tick >= high);
  return ticks.slice(Math.max(first, 0), last < 0 ? ticks.length : last + 1);
}
