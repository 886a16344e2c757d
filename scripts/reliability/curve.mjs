/**
 * A curve over time, as SVG that is readable on light and on dark pages.
 */
import { colourOf, escaped, px, svg, WIDTH } from '../bench/plot.mjs';

/** Lines across, at round values. */
const MOST_LINES = 6;

/**
 * @param {string} title what the picture shows, also for those who cannot see it
 * @param {{ x: string, y: string }} axes
 * @param {{ label: string, colour: number, points: { x: number, y: number }[] }[]} lines from left to right; both axes
 *   begin at 0
 * @returns {string} a file's content
 */
export function curveChart(title, axes, lines) {
  const [left, right, top, bottom, height] = [64, 130, 64, 44, 340];
  const all = lines.flatMap(({ points }) => points);
  const most = { x: highest(all.map(({ x }) => x)), y: highest(all.map(({ y }) => y)) };
  const x = (/** @type {number} */ value) => left + (value / most.x) * (WIDTH - right - left);
  const y = (/** @type {number} */ value) => height - bottom - (value / most.y) * (height - bottom - top);
  const parts = [`<text class="faint" x="8" y="44">${escaped(axes.y)}</text>`];
  for (const value of rounds(most.y)) {
    const at = px(y(value));
    parts.push(
      `<line class="grid" x1="${left}" x2="${WIDTH - right}" y1="${at}" y2="${at}"/>`,
      `<text class="faint" x="${left - 8}" y="${px(y(value) + 4)}" text-anchor="end">${value.toLocaleString('en-US')}</text>`,
    );
  }
  for (const value of rounds(most.x)) {
    parts.push(
      `<text class="faint" x="${px(x(value))}" y="${height - bottom + 20}" text-anchor="middle">${value.toLocaleString('en-US')}</text>`,
    );
  }
  parts.push(
    `<text class="faint" x="${(left + WIDTH - right) / 2}" y="${height - 6}" text-anchor="middle">${escaped(axes.x)}</text>`,
  );
  for (const [index, { label, colour, points }] of lines.entries()) {
    const places = points.map((point) => `${px(x(point.x))},${px(y(point.y))}`).join(' ');
    const row = top + 8 + index * 22;
    parts.push(
      `<polyline points="${places}" fill="none" stroke="${colourOf(colour)}" stroke-width="2"/>`,
      `<circle cx="${WIDTH - right + 22}" cy="${row}" r="5" fill="${colourOf(colour)}"/>`,
      `<text x="${WIDTH - right + 34}" y="${row + 4}">${escaped(label)}</text>`,
    );
  }
  return svg(height, title, parts);
}

/** @param {number[]} values */
const highest = (values) => Math.max(...values, 1) * 1.05;

/** 0 and round values up to `most`. @param {number} most */
function rounds(most) {
  const power = 10 ** Math.floor(Math.log10(most / MOST_LINES));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => most / size <= MOST_LINES) ?? most;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) =>
    Number((index * step).toPrecision(6)),
  );
}
