/**
 * `npm run format`: formats all Rust and JavaScript, and applies the linter's safe fixes.
 */
import { step } from './lib/log.mjs';
import { main } from './lib/main.mjs';
import { ensureNodePackages } from './lib/node-packages.mjs';
import { run } from './lib/run.mjs';
import { cargo, ensureRust } from './lib/rust.mjs';

await main(async () => {
  await ensureNodePackages();
  await ensureRust({ components: ['rustfmt'] });
  await step('Rust', () => cargo(['fmt', '--all'], { log: 'format-rust' }));
  await step('JavaScript', async () => {
    await run('npx', ['--no-install', 'biome', 'check', '--write', '.'], { log: 'format-javascript' });
  });
});
