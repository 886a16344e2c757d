/**
 * `npm run lint`: formatting, lints and types of all Rust and JavaScript, without running a test.
 */
import { lintSteps } from './lib/checks.mjs';
import { main } from './lib/main.mjs';
import { ensureNodePackages, ensurePackageTestTools } from './lib/node-packages.mjs';
import { ensureRust } from './lib/rust.mjs';
import { buildWasm } from './lib/wasm.mjs';

await main(async () => {
  await ensureNodePackages();
  await ensurePackageTestTools();
  await ensureRust({ components: ['rustfmt', 'clippy'] });
  await buildWasm();
  for (const check of lintSteps) await check();
});
