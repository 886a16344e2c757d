/**
 * A publisher for tests that cannot publish themselves, because they run in a page.
 */
import { setTimeout } from 'node:timers/promises';

/** What the tests of the browser SDK subscribe to. */
const CHANNEL = 'test-ticks';

/** Often enough that no test waits, seldom enough that a test's messages stay readable. */
const INTERVAL_MS = 100;

/**
 * Publishes rising numbers to the channel that the SDK's tests listen to: pages cannot publish by themselves.
 *
 * @param {string} url of a relay whose key is `dev`
 * @returns {() => Promise<void>} stops it
 */
export function publishTicks(url) {
  let isStopped = false;
  const ticking = (async () => {
    for (let tick = 0; !isStopped; tick += 1) {
      const response = await fetch(`${url}/v1/publish`, {
        method: 'POST',
        headers: { Authorization: 'Bearer dev', 'Content-Type': 'application/json' },
        body: JSON.stringify({ channel: { name: CHANNEL }, payload: tick }),
      });
      if (!response.ok) throw new Error(`the relay refuses a tick: ${await response.text()}`);
      await setTimeout(INTERVAL_MS);
    }
  })();
  // Its failure counts when it is stopped, and is not to end the process before.
  ticking.catch(() => {});
  return () => {
    isStopped = true;
    return ticking;
  };
}
