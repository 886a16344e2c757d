/**
 * What Autobahn's verdicts mean for us: every case passes, but for those that are named here with a reason.
 */

/** @typedef {import('./autobahn.mjs').Verdict} Verdict */
/** @typedef {import('./counts.mjs').Counts} Counts */

/** Cases of sections 1 to 7, 9 and 10. Another number means that the suite was cut short or is another one. */
export const CASES = 301;

const LATE_BUT_RIGHT =
  'text that is not UTF-8 is refused when its message is complete, not at the first wrong byte: a message is 16 KiB ' +
  'at most, and RFC 6455 section 8.1 names no moment';

const NOBODY_IS_WRONG = 'the suite only looks: any behaviour is right';

/** What may be another verdict than OK, and why that is right. */
const JUSTIFIED = new Map([
  ...['6.4.1', '6.4.2', '6.4.3', '6.4.4'].map((id) => justify(id, 'NON-STRICT', LATE_BUT_RIGHT)),
  ...['7.1.6', '7.13.1', '7.13.2'].map((id) => justify(id, 'INFORMATIONAL', NOBODY_IS_WRONG)),
]);

/** @param {string} id @param {string} behavior @param {string} why */
function justify(id, behavior, why) {
  return /** @type {const} */ ([id, { behavior, why }]);
}

/**
 * @param {ReadonlyMap<string, Verdict>} verdicts by case number
 * @returns {{ counts: Counts; complaints: string[] }}
 */
export function judge(verdicts) {
  const complaints = [...verdicts].flatMap(([id, verdict]) => complaint(id, verdict) ?? []);
  const failed = complaints.length;
  return {
    counts: { passed: verdicts.size - failed, failed, skipped: Math.max(0, CASES - verdicts.size) },
    complaints,
  };
}

/**
 * @param {string} id
 * @param {Verdict} verdict
 * @returns {string | undefined}
 */
function complaint(id, { behavior, behaviorClose }) {
  const wanted = JUSTIFIED.get(id)?.behavior ?? 'OK';
  const isRight = behavior === wanted || behavior === 'OK';
  if (isRight && ['OK', 'INFORMATIONAL'].includes(behaviorClose)) return undefined;
  return `case ${id}: ${behavior}, closing handshake ${behaviorClose}`;
}
