/** What pages download of the browser SDK. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Advice } from '../lib/failure.mjs';
import { packPackages, unpackedFrontend } from '../lib/packages.mjs';
import { downloadSizes, MAX_GZIP_BYTES, requireSmall } from '../lib/sizes.mjs';

/**
 * @param {string} name
 * @param {number} gzip
 */
const file = (name, gzip) => ({ name, gzip, bytes: 3 * gzip, brotli: gzip });

test('all files together may have a certain size, and one byte more fails the build', () => {
  requireSmall([file('a', MAX_GZIP_BYTES - 70), file('b', 70)]);
  const tooLarge = [file('a', MAX_GZIP_BYTES - 70), file('b', 71)];
  assert.throws(() => requireSmall(tooLarge), {
    name: 'Advice',
    message: new RegExp(`${MAX_GZIP_BYTES + 1} bytes with gzip`),
  });
  assert.throws(() => requireSmall(tooLarge), Advice);
});

test('the package as it is keeps to it', async () => {
  const folder = process.env.FRONTEND_FOLDER ?? (await unpackedFrontend((await packPackages()).frontend));
  const sizes = downloadSizes(folder);
  assert.deepEqual(
    sizes.map(({ name }) => name),
    ['dist/index.js', 'dist/subscriber.js'],
  );
  requireSmall(sizes);
});
