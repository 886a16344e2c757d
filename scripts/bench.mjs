/**
 * `npm run bench`: measures everything and writes the page (`report`), or, with the name of one of its commands, runs
 * the load generator. Builds what is needed, and installs the other servers.
 */
import { report } from './bench/report.mjs';
import { ensurePeers, namedServers } from './lib/bench-peers.mjs';
import { say } from './lib/log.mjs';
import { main } from './lib/main.mjs';
import { relayBinary } from './lib/project.mjs';
import { buildRelay } from './lib/relay-build.mjs';
import { run } from './lib/run.mjs';
import { ensureRust } from './lib/rust.mjs';

/** What is not the load generator's own. */
const REPORTS = ['report', 'sdk'];

/** A whole round of comparisons may take this long. */
const LIMIT_MS = 2 * 60 * 60_000;

await main(async () => {
  const args = process.argv.slice(2);
  if (args[0] === undefined || args[0].startsWith('--') || REPORTS.includes(args[0])) return report(args);
  await ensureRust();
  await buildRelay();
  const peers = await ensurePeers(namedServers(args));
  await run('cargo', ['run', '--release', '--package', 'realtime-bench', '--', ...args], {
    env: { RELAY_BIN: relayBinary, ...peers },
    limitMs: LIMIT_MS,
    onLine: say,
  });
});
