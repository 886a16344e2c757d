/**
 * Programs out of Debian's packages without installing them: downloaded with the system's own apt, from the archive
 * that it is set up with, and unpacked into a folder.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Advice } from './failure.mjs';
import { patiently } from './retry.mjs';
import { run } from './run.mjs';
import { which } from './which.mjs';

/**
 * Unpacks packages of one release into `folder/NAME`, with lists and settings that leave the system's alone.
 *
 * @param {object} options
 * @param {string} options.folder where apt's files are kept meanwhile
 * @param {string} options.into a folder below it
 * @param {string} options.release such as `bookworm`
 * @param {readonly string[]} options.packages
 * @param {string} options.purpose what they are for, as in "the tests of the WebSocket layer"
 * @param {(line: string) => void} options.onLine
 */
export async function unpackDebianPackages({ folder, into, release, packages, purpose, onLine }) {
  const [lists, downloads] = [join(folder, 'apt/lists'), join(folder, 'apt/downloads')];
  for (const path of [join(lists, 'partial'), join(folder, 'apt/archives/partial'), downloads]) {
    mkdirSync(path, { recursive: true });
  }
  const sources = join(folder, 'apt/sources.list');
  writeFileSync(sources, `deb ${await archiveFor(purpose)} ${release} main\n`);
  const settings = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${lists}`,
    `Dir::Cache=${join(folder, 'apt')}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
    'Acquire::Retries=3',
  ].flatMap((setting) => ['-o', setting]);
  const options = { cwd: downloads, log: 'download-debian-packages', onLine };
  await patiently('apt-get', async () => {
    await run('apt-get', [...settings, 'update'], options);
    await run('apt-get', [...settings, 'download', ...packages], options);
  });
  for (const file of readdirSync(downloads)) {
    await run('dpkg', ['--extract', join(downloads, file), join(folder, into)], { onLine });
  }
}

/**
 * @param {string} purpose
 * @returns {Promise<string>} the address of the Debian archive that this machine uses
 */
async function archiveFor(purpose) {
  const listed = which(['apt-get'])
    ? await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'])
    : '';
  const archive = listed.split('\n').find((uri) => /\/debian\/?$/.test(uri.trim()));
  if (archive) return archive.trim();
  throw new Advice(`Missing for ${purpose}: a Debian system, from whose archive its programs are taken.`);
}
