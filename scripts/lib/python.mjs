/**
 * Installs programs of the Python package index that only the tests need, each in an environment of its own.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { whileNobodyInstalls } from './lock.mjs';
import { step } from './log.mjs';
import { toolsDir } from './project.mjs';
import { patiently } from './retry.mjs';
import { gist, run } from './run.mjs';
import { installSystemPackages } from './system-packages.mjs';
import { which } from './which.mjs';

/** Written last, so that an environment that was left half made is made again. */
const MADE_OF = 'made-of.txt';

/**
 * A folder of the tools cache that `make` fills, once per machine and for each `recipe`. Quiet when it is there.
 *
 * @param {string} name
 * @param {string} recipe everything that decides what is made: another recipe makes it again
 * @param {string} hint what to expect
 * @param {(folder: string, busyWith: (line: string) => void) => Promise<unknown>} make
 * @returns {Promise<string>} the folder
 */
export async function ensureToolFolder(name, recipe, hint, make) {
  const folder = join(toolsDir, name);
  const isMade = () =>
    existsSync(join(folder, MADE_OF)) && readFileSync(join(folder, MADE_OF), 'utf8') === recipe;
  if (isMade()) return folder;
  await whileNobodyInstalls(async () => {
    // Looked at again: whoever had the lock before may have made it.
    if (isMade()) return;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await step(`test tool ${name}`, (busyWith) => make(folder, (line) => busyWith(gist(line))), { hint });
    writeFileSync(join(folder, MADE_OF), recipe);
  });
  return folder;
}

/**
 * Makes a virtual environment with these packages in it.
 *
 * @param {string} folder where
 * @param {readonly string[]} packages as in `name==1.2.3`
 * @param {(line: string) => void} onLine
 */
export async function makeEnvironment(folder, packages, onLine) {
  await run(await pythonWithVenv(), ['-m', 'venv', folder], { onLine });
  const options = { log: 'install-python-packages', onLine };
  await pipInstall(folder, ['--disable-pip-version-check', ...packages], options);
}

/**
 * Installs packages into an environment.
 *
 * @param {string} environment
 * @param {readonly string[]} args of `pip install`
 * @param {import('./run.mjs').RunOptions} options
 */
export const pipInstall = (environment, args, options) =>
  patiently('pip install', () => run(join(environment, 'bin', 'pip'), ['install', ...args], options));

/**
 * A Python 3 that can make environments, installed when it is missing.
 *
 * @returns {Promise<string>}
 */
async function pythonWithVenv() {
  const python = which(['python3']);
  if (python && (await canMakeEnvironments(python))) return python;
  await installSystemPackages(['python3', 'python3-venv'], 'tests with tools that are written in Python');
  return 'python3';
}

/** @param {string} python */
const canMakeEnvironments = (python) =>
  run(python, ['-c', 'import venv, ensurepip']).then(
    () => true,
    () => false,
  );
