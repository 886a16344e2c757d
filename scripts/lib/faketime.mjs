/**
 * libfaketime, with which the wall clock of one process jumps: unpacked from Debian's package into the tools cache, the
 * system left as it is.
 */
import { join } from 'node:path';
import { unpackDebianPackages } from './debian-archive.mjs';
import { filesUnder } from './fingerprint.mjs';
import { ensureToolFolder } from './python.mjs';

/** For programs with threads. */
const LIBRARY = 'libfaketimeMT.so.1';

/** The Debian whose package it is. */
const RELEASE = 'bookworm';

/**
 * Resolves to the library's path, or to why it is not there: what needs it is then left out.
 *
 * @returns {Promise<{ library: string } | { why: string }>}
 */
export async function ensureFaketime() {
  try {
    const folder = await ensureToolFolder('faketime', `${RELEASE} 1`, 'a few seconds', (into, onLine) =>
      unpackDebianPackages({
        folder: into,
        into: 'system',
        release: RELEASE,
        packages: ['libfaketime'],
        purpose: 'jumps of the wall clock',
        onLine,
      }),
    );
    const library = filesUnder([join(folder, 'system')]).find((file) => file.endsWith(`/${LIBRARY}`));
    return library ? { library } : { why: `its package has no ${LIBRARY}` };
  } catch (error) {
    return { why: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
}
