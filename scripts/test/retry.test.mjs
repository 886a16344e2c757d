/** What fails for a moment is done again, and said; what fails for good fails. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { CommandFailed } from '../lib/failure.mjs';
import { isOfTheNetwork, patiently } from '../lib/retry.mjs';
import { run } from '../lib/run.mjs';
import { installSystemPackages } from '../lib/system-packages.mjs';

/** No pause that anybody notices. */
const QUICK = { pausesMs: [1, 1, 1], lockPauseMs: 1, lockLimitMs: 20 };

/** @param {string} output @param {boolean} [hasEnded] */
const failure = (output, hasEnded = true) =>
  new CommandFailed({
    commandLine: 'x',
    outcome: 'ended with exit code 1',
    output,
    logFile: undefined,
    hasEnded,
  });

/**
 * What becomes of something that is done patiently, and what is said meanwhile.
 *
 * @param {string} what
 * @param {() => Promise<unknown>} attempt
 * @param {import('../lib/retry.mjs').Patience} [patience]
 */
async function told(what, attempt, patience = {}) {
  /** @type {string[]} */
  const said = [];
  const tell = (/** @type {string} */ line) => void said.push(line.trim());
  const outcome = await patiently(what, attempt, { ...QUICK, tell, ...patience }).then(
    (result) => ({ result, error: undefined }),
    (error) => ({ result: undefined, error }),
  );
  return { ...outcome, said };
}

/**
 * Something that fails with each of these and then works, and how often it was tried.
 *
 * @param {unknown[]} failures
 */
function failing(failures) {
  const tries = { count: 0 };
  const attempt = async () => {
    tries.count += 1;
    if (failures.length > 0) throw failures.shift();
    return 'done';
  };
  return { tries, attempt };
}

test('a registry that answers 503 once does not fail the run, and the reason is said', async () => {
  const busy =
    'npm http fetch GET 503\nnpm error 503 Service Unavailable - GET a-package\nnpm error A complete log of this run can be found in: x';
  const { attempt, tries } = failing([failure(busy)]);
  const { result, said } = await told('npm ci', attempt);
  assert.equal(result, 'done');
  assert.equal(tries.count, 2);
  assert.deepEqual(said, [
    'npm ci failed and is tried again in 0.001 s: npm error 503 Service Unavailable - GET a-package',
  ]);
});

test('what fails every time fails with the last failure, after three repetitions', async () => {
  const { attempt, tries } = failing([1, 2, 3, 4, 5].map((n) => failure(`error ${n}`)));
  const { error, said } = await told('pip install', attempt);
  assert.equal(error.output, 'error 4');
  assert.equal(tries.count, 4);
  assert.equal(said.length, 3);
});

test('what no repetition helps is not repeated: a fault in code, a program that hangs or is missing, a bug', async () => {
  for (const error of [
    failure('error[E0308]: mismatched types'),
    failure('error: failed to get `tokio` as a dependency', false),
    new TypeError('x is not a function'),
  ]) {
    const { attempt, tries } = failing([error]);
    const outcome = await told('cargo install', attempt, { isWorthIt: isOfTheNetwork });
    assert.equal(outcome.error, error);
    assert.equal(tries.count, 1);
  }
});

test('what cargo says of the network is known from what it says of code', () => {
  for (const output of [
    'warning: spurious network error (3 tries remaining): [7] Could not connect to server',
    'error: failed to download from the registry\n\nCaused by:\n  failed to get successful HTTP response, got 503',
    'error: failed to get `tokio` as a dependency of package',
    'error: download of config.json failed\n\nCaused by:\n  operation timed out',
    'error: could not download file: Connection reset by peer',
  ]) {
    assert.ok(isOfTheNetwork(failure(output)), output);
  }
  for (const output of [
    'error[E0425]: cannot find value `x`\nerror: could not compile `relay` (lib) due to 1 previous error',
    'error: the lock file Cargo.lock needs to be updated but --locked was passed',
  ]) {
    assert.ok(!isOfTheNetwork(failure(output)), output);
  }
});

test('a lock that another package manager holds is waited for, and counts as no attempt', async () => {
  const locked = 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)';
  const { attempt, tries } = failing(Array.from({ length: 10 }, () => failure(locked)));
  const { result, said } = await told('apt-get', attempt);
  assert.equal(result, 'done');
  assert.equal(tries.count, 11);
  assert.deepEqual(said, [`apt-get waits for another one: ${locked}`]);
});

test('a command that was stopped or could not be started has not ended, one that failed has', async () => {
  for (const [program, args, limitMs, hasEnded] of /** @type {const} */ ([
    [process.execPath, ['-e', 'setInterval(() => {}, 1000)'], 100, false],
    ['no-such-program-anywhere', [], 60_000, false],
    [process.execPath, ['-e', 'process.exit(3)'], 60_000, true],
  ])) {
    const error = await run(program, args, { limitMs }).catch((/** @type {unknown} */ reason) => reason);
    assert.ok(error instanceof CommandFailed);
    assert.equal(error.hasEnded, hasEnded, error.message);
  }
});

test('Debian packages are installed by a mirror that fails once, with lists that are fetched anew', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'apt-'));
  const before = process.env.PATH;
  context.after(() => {
    process.env.PATH = before;
    rmSync(folder, { recursive: true });
  });
  const calls = join(folder, 'calls');
  // The first time the lists come in part: that ends well, and then a package is lacking.
  writeFileSync(
    join(folder, 'apt-get'),
    `#!/bin/sh
    for word do last=$word; done
    echo "$last" >> '${calls}'
    case "$*" in *update*) exit 0;; esac
    [ -e '${folder}/again' ] && exit 0
    touch '${folder}/again'; echo 'E: Unable to locate package a-browser' >&2; exit 100`,
  );
  writeFileSync(join(folder, 'sudo'), '#!/bin/sh\nshift; exec "$@"');
  for (const program of ['apt-get', 'sudo']) chmodSync(join(folder, program), 0o755);
  process.env.PATH = `${folder}${delimiter}${before}`;
  await installSystemPackages(['a-browser'], 'the browser tests');
  assert.ok(existsSync(join(folder, 'again')));
  assert.deepEqual(readFileSync(calls, 'utf8').trim().split('\n'), [
    'update',
    'a-browser',
    'update',
    'a-browser',
  ]);
});
