/**
 * How many times as good our SDK was as another client: the one rule for page and goals.
 */
import { PAIRED } from './browser-plan.mjs';
import { advantage, median, values } from './figures.mjs';

/**
 * Above 1 ours is ahead, whichever way the figure counts: by what both did side by side, where that was measured, else by
 * their medians.
 *
 * @param {import('./figures.mjs').Measured} measured
 * @param {string} client
 * @param {string} figure
 * @returns {number | undefined} nothing where one of them has no figure
 */
export const besideOurs = (measured, client, figure) =>
  median(values(measured, client, PAIRED)) ?? advantage(measured, client, figure);
