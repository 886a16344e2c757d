/**
 * A home folder that can be written to, since cargo, npm, pip and browsers keep their own files in it. Where HOME names
 * none, the account's counts; where that is read-only or missing too, a folder of this repository stands in for it.
 */
import { accessSync, constants, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** What programs read in a home folder that decides what they do: toolchains, and where registries are. */
const SETTINGS = [
  '.rustup',
  '.cargo/bin',
  '.cargo/config',
  '.cargo/config.toml',
  '.cargo/credentials.toml',
  '.config/pip',
  '.npmrc',
  '.pip',
];

/**
 * The environment's settings for programs that need a home.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly string[]} homes the user's own, the best first
 * @param {string} standIn created when it is needed
 * @param {(folder: string) => boolean} [isWritable]
 * @returns {Record<string, string>} what to change; `HOME` is the folder to use
 */
export function homeSettings(env, homes, standIn, isWritable = isWritableFolder) {
  const usable = homes.find((home) => isWritable(home));
  if (usable) return { HOME: usable };
  mkdirSync(standIn, { recursive: true });
  for (const [theirs, ours] of homes.flatMap((home) =>
    SETTINGS.map((path) => /** @type {const} */ ([join(home, path), join(standIn, path)])),
  )) {
    if (!existsSync(theirs) || existsSync(ours)) continue;
    mkdirSync(dirname(ours), { recursive: true });
    symlinkSync(theirs, ours);
  }
  return { HOME: standIn, PATH: [env.PATH ?? '', join(standIn, '.cargo', 'bin')].join(delimiter) };
}

/**
 * Makes sure that this process and what it starts have a home.
 *
 * @param {string} standIn
 * @returns {string} the folder
 */
export function ensureHome(standIn) {
  Object.assign(process.env, homeSettings(process.env, [homedir(), accountHome()], standIn));
  return process.env.HOME ?? standIn;
}

/** @returns {string} the home of the account, whatever the environment says */
function accountHome() {
  try {
    return userInfo().homedir;
  } catch {
    return homedir(); // an account that the system does not know, as containers have them
  }
}

/** @param {string} folder */
function isWritableFolder(folder) {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}
