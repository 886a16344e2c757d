/**
 * `npm run reliability`, and `npm run faults`, `jitter`, `avalanche` and `soak`, which are parts of it.
 */
import { main } from './lib/main.mjs';
import { reliability } from './reliability/report.mjs';

await main(() => reliability(process.argv.slice(2)));
