/**
 * Says what the scripts are doing: one line per step, and signs of life while a long one runs.
 *
 * On a terminal the line of the running step is rewritten every second. Elsewhere (a pipe, continuous
 * integration) a step that takes long prints a line every fifteen seconds, so that nobody takes it for dead.
 */

/** How often a terminal's line is rewritten. */
const TERMINAL_REFRESH_MS = 1_000;

/** A step that is done by then is told by its closing line alone. */
const FIRST_SIGN_MS = 3_000;

/** How often a log without a terminal is told that a step still runs. */
const LIFE_SIGN_MS = 15_000;

const colours = process.stdout.isTTY === true && !process.env.NO_COLOR;

/**
 * @param {number} code an ANSI "select graphic rendition" number
 * @param {string} text
 */
const paint = (code, text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);

/** @param {string} text */
export const bold = (text) => paint(1, text);

/** @param {string} text */
export const faint = (text) => paint(2, text);

/** @param {string} text */
export const red = (text) => paint(31, text);

/** @param {string} text */
export const green = (text) => paint(32, text);

/**
 * A span of time for people: `0.4 s`, `12 s`, `3 min 05 s`.
 *
 * @param {number} ms
 * @returns {string}
 */
export function duration(ms) {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** @param {string} text one line, or several */
export function say(text = '') {
  process.stdout.write(`${text}\n`);
}

/**
 * Runs one step and reports it with its elapsed time.
 *
 * `work` gets a function that takes what it is busy with right now; the signs of life quote it. Its result is
 * the step's result. An error is reported as a failed step and thrown on.
 *
 * @template T
 * @param {string} title what is being done, as a noun or a phrase: "relay, release build"
 * @param {(busyWith: (activity: string) => void) => Promise<T> | T} work
 * @param {object} [options]
 * @param {string} [options.hint] what to expect of a long step, as in "about 3 minutes"
 * @param {(result: T) => string} [options.note] what of the result the closing line tells
 * @returns {Promise<T>}
 */
export async function step(title, work, { hint, note } = {}) {
  const started = Date.now();
  let activity = '';
  const line = liveLine(() => {
    const expected = hint ? ` (${hint})` : '';
    return `… ${title}${expected}  ${duration(Date.now() - started)}${activity && `  ${activity}`}`;
  });
  try {
    const result = await work((latest) => {
      activity = latest;
    });
    line.clear();
    say(`${green('✓')} ${title}  ${faint(duration(Date.now() - started))}${note ? `  ${note(result)}` : ''}`);
    return result;
  } catch (error) {
    line.clear();
    say(`${red('✗')} ${title}  ${faint(duration(Date.now() - started))}`);
    throw error;
  }
}

/**
 * The moving line of a running step.
 *
 * @param {() => string} text
 * @returns {{ clear: () => void }}
 */
function liveLine(text) {
  const terminal = process.stdout.isTTY === true;
  const draw = () => {
    if (terminal) process.stdout.write(`\r\u001b[2K${text().slice(0, (process.stdout.columns ?? 80) - 1)}`);
    else say(text());
  };
  if (terminal) draw();
  const first = setTimeout(draw, FIRST_SIGN_MS);
  const timer = setInterval(draw, terminal ? TERMINAL_REFRESH_MS : LIFE_SIGN_MS);
  return {
    clear() {
      clearTimeout(first);
      clearInterval(timer);
      if (terminal) process.stdout.write('\r\u001b[2K');
    },
  };
}
