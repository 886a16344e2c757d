/**
 * Installs packages of the operating system where that can be done without asking, and says what to do where it
 * cannot.
 */
import { Advice } from './failure.mjs';
import { step } from './log.mjs';
import { patiently } from './retry.mjs';
import { gist, run } from './run.mjs';
import { which } from './which.mjs';

/**
 * Another install on this machine is waited for, and a mirror that fails is asked again, by apt-get itself where it
 * can. The lock of its lists it does not wait for.
 */
const PATIENCE = ['-o', 'DPkg::Lock::Timeout=900', '-o', 'Acquire::Retries=3'];

/**
 * Installs Debian packages with apt-get, as root or by sudo without a password. The caller knows that they are
 * missing; nothing is looked for here.
 *
 * @param {readonly string[]} packages
 * @param {string} purpose what they are for, as in "the browser tests"
 */
export async function installSystemPackages(packages, purpose) {
  const aptGet = await aptGetCommand();
  if (!aptGet) throw new Advice(adviceFor(packages, purpose));
  await step(`Debian packages: ${packages.join(' ')}`, async (busyWith) => {
    /** @param {string[]} args @param {string} log */
    const aptRun = (args, log) =>
      run(aptGet[0], [...aptGet.slice(1), ...PATIENCE, ...args], {
        log,
        env: { DEBIAN_FRONTEND: 'noninteractive' },
        onLine: (line) => busyWith(gist(line)),
      });
    // Both together: lists that came in part end well and lack the packages.
    await patiently('apt-get', async () => {
      await aptRun(['update'], 'apt-get-update');
      await aptRun(['install', '--yes', '--no-install-recommends', ...packages], 'apt-get-install');
    });
  });
}

/**
 * How apt-get is called here; `undefined` where it is missing or may not be called without a password.
 *
 * @returns {Promise<[string, ...string[]] | undefined>}
 */
async function aptGetCommand() {
  const aptGet = which(['apt-get']);
  if (!aptGet) return undefined;
  if (process.getuid?.() === 0) return [aptGet];
  const sudo = which(['sudo']);
  if (!sudo) return undefined;
  return run(sudo, ['-n', 'true']).then(
    () => [sudo, '-n', aptGet],
    () => undefined,
  );
}

/**
 * @param {readonly string[]} packages
 * @param {string} purpose
 * @returns {string}
 */
function adviceFor(packages, purpose) {
  if (!which(['apt-get'])) {
    return `Missing for ${purpose}: what Debian calls ${packages.join(', ')}. Install them as this system does it.`;
  }
  return [
    `Missing for ${purpose}, and installing needs root. Please run, and then start this again:`,
    '',
    `    sudo apt-get update && sudo apt-get install --yes ${packages.join(' ')}`,
  ].join('\n');
}
