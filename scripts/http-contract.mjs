/**
 * `npm run http-contract`: the relay's HTTP API against relay/openapi.yaml, alone. RELAY_BIN names another relay than
 * the release build.
 */
import { contractTests } from './lib/http-contract.mjs';
import { main } from './lib/main.mjs';
import { buildRelay } from './lib/relay-build.mjs';

await main(async () => {
  const relay = process.env.RELAY_BIN;
  if (!relay) await buildRelay();
  await contractTests(relay);
  return 0;
});
