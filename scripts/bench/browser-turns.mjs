/**
 * Two clients in one page, in turns. A browser's speed changes from one page to the next and from one second to the next
 * by more than clients differ; what two of them do right after one another in the same process tells them apart.
 */

/**
 * @typedef {object} Turns
 * @property {number} pairs that count
 * @property {number} ms that a turn is to take
 * @property {number} warmUps pairs before them at most, while either client still becomes faster or slower
 * @property {number} steady two turns that differ by less than this part are alike
 * @property {number} firstMessages of the first turn, whose rate says how many the next ones have
 */

/** @type {Turns} */
export const TURNS = { pairs: 16, ms: 60, warmUps: 8, steady: 0.1, firstMessages: 4_096 };

/**
 * Lets both take messages in turns, A-B-B-A: neither is always the one that comes first.
 *
 * @template {string} Client
 * @param {Turns} turns
 * @param {readonly [Client, Client]} clients
 * @param {number} together messages in a frame
 * @param {(client: Client, count: number) => Promise<number>} take gives the messages in a second
 * @returns {Promise<[number, number][]>} their rates, one pair for every two turns side by side
 */
export async function comparePairs(turns, clients, together, take) {
  let count = turns.firstMessages;
  const pair = async (/** @type {boolean} */ isTurned) => {
    /** @type {[number, number]} */
    const rates = [0, 0];
    for (const index of /** @type {(0 | 1)[]} */ (isTurned ? [1, 0] : [0, 1]))
      rates[index] = await take(clients[index], count);
    return rates;
  };
  let before = await pair(false);
  for (let warmUp = 1; warmUp < turns.warmUps; warmUp++) {
    count = messagesIn(turns.ms, Math.max(...before), together);
    const rates = await pair(warmUp % 2 === 1);
    const isSteady = rates.every((rate, index) => Math.abs(rate / (before[index] ?? 0) - 1) < turns.steady);
    before = rates;
    if (isSteady && warmUp > 1) break;
  }
  const pairs = [];
  for (let number = 0; number < turns.pairs; number++) pairs.push(await pair(number % 2 === 1));
  return pairs;
}

/**
 * @param {number} ms
 * @param {number} rate in a second
 * @param {number} together
 */
const messagesIn = (ms, rate, together) => Math.max(1, Math.round((rate * ms) / 1_000 / together)) * together;
