/**
 * Builds the relay as it is shipped.
 */
import { step } from './log.mjs';
import { cargo } from './rust.mjs';

/** Leaves the release build at `target/release/relay`. Cargo decides what must be compiled again. */
export async function buildRelay() {
  await step(
    'relay, release build',
    (busyWith) =>
      cargo(['build', '--release', '--package', 'realtime-relay', '--bin', 'relay'], {
        log: 'relay-build',
        busyWith,
      }),
    { hint: 'about 4 minutes the first time' },
  );
}
