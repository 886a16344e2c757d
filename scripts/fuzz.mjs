/**
 * `npm run fuzz`: libFuzzer looks for bytes that break something, target by target. See docs/fuzzing.md.
 */
import { fuzz, targetNames } from './lib/fuzzing.mjs';
import { say } from './lib/log.mjs';
import { main } from './lib/main.mjs';
import { readOptions, wholeMinutes } from './lib/options.mjs';

const HELP = `npm run fuzz [-- OPTIONS]

  --target NAMES  some of ${targetNames().join(', ')}, separated by commas; default: all, one after the other
  --minutes N     for each target; default: 1
  --help          this text`;

await main(async () => {
  const options = readOptions(
    { target: { type: 'string' }, minutes: { type: 'string' }, help: { type: 'boolean' } },
    HELP,
  );
  if (options.help) return say(HELP);
  return fuzz(options.target?.split(',') ?? targetNames(), wholeMinutes('minutes', options.minutes ?? '1'));
});
