/**
 * The relay's HTTP API against its contract: schemathesis reads relay/openapi.yaml, sends what it allows and what it
 * does not, and judges every answer.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readOutcome } from './contract-outcome.mjs';
import { CommandFailed, TestsFailed } from './failure.mjs';
import { faint, say, step } from './log.mjs';
import { buildFolder, relayBinary, root } from './project.mjs';
import { ensureToolFolder, makeEnvironment } from './python.mjs';
import { gist, run } from './run.mjs';
import { startService } from './services.mjs';

const CONTRACT = join(root, 'relay', 'openapi.yaml');
const SETTINGS = join(root, 'scripts', 'http-contract');

/** The key of the relay under test; schemathesis' settings read it from the environment, too. */
const KEY = 'the-key-of-the-contract-test';

/** Sixty times what a run takes on two cores with nothing else to do, so that only what hangs is stopped. */
const LIMIT_MS = 5 * 60_000;

/**
 * Every operation of the contract. Counts the requests that schemathesis made, by whether their answers were right.
 *
 * @param {string} [relay] the program; default: the release build
 */
export async function contractTests(relay = relayBinary) {
  const schemathesis = await ensureSchemathesis();
  const outcome = await step('HTTP contract', (busyWith) => judge(schemathesis, relay, busyWith), {
    hint: 'about 15 seconds',
    note: ({ counts }) => `${counts.passed} cases passed`,
  });
  for (const line of outcome.lines) say(`  ${faint(line)}`);
  return outcome.counts;
}

/** @returns {Promise<string>} the program */
async function ensureSchemathesis() {
  const requirements = join(SETTINGS, 'requirements.txt');
  const folder = await ensureToolFolder(
    'schemathesis',
    readFileSync(requirements, 'utf8'),
    'half a minute, once per machine',
    (made, onLine) => makeEnvironment(made, ['--requirement', requirements], onLine),
  );
  return join(folder, 'bin', 'schemathesis');
}

/**
 * @param {string} schemathesis
 * @param {string} relay
 * @param {(activity: string) => void} busyWith
 */
async function judge(schemathesis, relay, busyWith) {
  const folder = buildFolder('http-contract');
  const [report, events] = [join(folder, 'report.json'), join(folder, 'events.ndjson')];
  // Those of an earlier run say nothing of this one.
  for (const file of [report, events]) rmSync(file, { force: true });
  const service = await startService({
    command: relay,
    args: ['serve', '--listen', '127.0.0.1:0', '--permissions', join(SETTINGS, 'realtime-permissions.js')],
    // Handlers that fail are part of the test; what they log is not.
    env: { RELAY_API_KEY: KEY, RELAY_LOG: 'error' },
  });
  const reports = ['--report-json-path', report, '--report-ndjson-path', events];
  const command = ['--config-file', join(SETTINGS, 'schemathesis.toml'), 'run', CONTRACT];
  const failure = await run(schemathesis, [...command, '--url', service.url, ...reports], {
    cwd: folder,
    log: 'http-contract',
    env: { RELAY_API_KEY: KEY },
    onLine: (line) => busyWith(gist(line)),
    limitMs: LIMIT_MS,
  }).then(
    () => undefined,
    (error) => error,
  );
  await service.stop();
  if (failure && !(failure instanceof CommandFailed && existsSync(report))) throw failure;
  const outcome = readOutcome(readFileSync(report, 'utf8'), readFileSync(events, 'utf8'));
  if (!failure && outcome.counts.passed > 0 && outcome.counts.failed === 0) return outcome;
  throw new TestsFailed(`HTTP contract: ${outcome.lines.join('; ')}`, {
    counts: outcome.counts,
    cause: failure,
  });
}
