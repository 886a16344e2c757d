/**
 * The packages as they would be published: what the test run has packed, else packed now.
 *
 * @module
 */

import { packPackages } from '../../../scripts/lib/packages.mjs';

/** @returns {Promise<import('../../../scripts/lib/packages.mjs').Tarballs>} */
export async function tarballs() {
  const { FRONTEND_TARBALL, BACKEND_TARBALL, ALIAS_TARBALL } = process.env;
  if (!FRONTEND_TARBALL || !BACKEND_TARBALL || !ALIAS_TARBALL) return packPackages();
  return { frontend: FRONTEND_TARBALL, backend: BACKEND_TARBALL, alias: ALIAS_TARBALL };
}
