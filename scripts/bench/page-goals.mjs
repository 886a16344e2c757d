/**
 * The page's section about what was to be reached, and what was.
 */
import { withUnit } from './figures.mjs';
import { GOALS, judge } from './goals.mjs';
import { markdownTable } from './page-parts.mjs';

/** @param {import('./figures.mjs').Run} run @returns {string} the section; nothing where nothing of it was measured */
export function goals(run) {
  const judged = GOALS.map((goal) => ({ goal, outcome: judge(goal, run) }));
  const known = judged.filter(({ outcome }) => outcome);
  if (known.length === 0) return '';
  const missed = known.filter(({ outcome }) => !outcome?.isReached).length;
  const rows = judged.map(({ goal, outcome }) => [
    goal.work,
    goal.text,
    outcome ? withUnit(outcome.value, goal.unit ?? '') : '–',
    outcome ? `${outcome.isReached ? 'reached' : '**missed**'}${aside(goal.note?.(run))}` : 'not measured',
  ]);
  const unknown = judged.length - known.length;
  return [
    '## What was to be reached',
    `The goals are not moved to what was measured. This run reached ${known.length - missed} of ${judged.length}` +
      `${missed ? `, missed ${missed}` : ''}${unknown ? `, and did not measure ${unknown}` : ''}. What is beside ` +
      'another server is the median of what the relay was to it, turn by turn. What more subscribers cost is rated by ' +
      'what they cost the bare loop, since the kernel’s sockets leave the processor’s caches then, whoever writes to them; each server’s own growth is beside it.',
    markdownTable([['work', 'goal', 'measured', ''], ...rows], 2),
  ].join('\n\n');
}

/** @param {string | undefined} note */
const aside = (note) => (note ? `; beside it: ${note}` : '');
