/**
 * `npm run bench -- ARGUMENTS`: builds the relay and the load generator, installs the other
 * servers that are named, and runs the load generator.
 */
import { ensurePeers, namedServers } from './lib/bench-peers.mjs';
import { say } from './lib/log.mjs';
import { main } from './lib/main.mjs';
import { relayBinary } from './lib/project.mjs';
import { buildRelay } from './lib/relay-build.mjs';
import { run } from './lib/run.mjs';
import { ensureRust } from './lib/rust.mjs';

/** A whole round of comparisons may take this long. */
const LIMIT_MS = 2 * 60 * 60_000;

await main(async () => {
  await ensureRust();
  await buildRelay();
  const args = process.argv.slice(2);
  const peers = await ensurePeers(namedServers(args));
  await run('cargo', ['run', '--release', '--package', 'realtime-bench', '--', ...args], {
    env: { RELAY_BIN: relayBinary, ...peers },
    limitMs: LIMIT_MS,
    onLine: say,
  });
});
