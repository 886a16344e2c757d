/**
 * A folder for temporary files that goes when the work is done.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Does some work with a temporary folder of its own, to be named in TMPDIR: a browser that is ended leaves its
 * profile and its sockets behind. The path is short, since a socket's path must be.
 *
 * @template T
 * @param {(folder: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withScratchFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'relay-tests-'));
  try {
    return await work(folder);
  } finally {
    // A browser's last helper may still be writing.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
