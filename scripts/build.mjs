/**
 * `npm run build`: the relay's release build at target/release/relay and the npm tarballs in dist/.
 */
import { relative } from 'node:path';
import { say } from './lib/log.mjs';
import { main } from './lib/main.mjs';
import { ensureNodePackages } from './lib/node-packages.mjs';
import { packPackages, unpackedFrontend } from './lib/packages.mjs';
import { relayBinary, root } from './lib/project.mjs';
import { buildRelay } from './lib/relay-build.mjs';
import { ensureRust } from './lib/rust.mjs';
import { downloadSizes, requireSmall, sizeRow } from './lib/sizes.mjs';
import { buildWasm } from './lib/wasm.mjs';

await main(async () => {
  await ensureNodePackages();
  await ensureRust();
  await buildRelay();
  await buildWasm();
  const { frontend, backend, alias } = await packPackages();

  say('\nThe browser SDK, as a page downloads it:');
  const sizes = downloadSizes(await unpackedFrontend(frontend));
  for (const size of sizes) say(sizeRow(size));
  requireSmall(sizes);
  say('\nBuilt:');
  for (const file of [relayBinary, frontend, backend, alias]) say(`  ${relative(root, file)}`);
});
