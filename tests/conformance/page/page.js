/**
 * The page that tests run in: loads one suite and lets the driver run its tests one by one.
 *
 * @module
 */

import { names, run } from './runner.js';

const suite = new URLSearchParams(location.search).get('suite');
const loaded = import(`../suites/${suite}`);

/** What the driver calls. What rejects here is shown by the driver as it is. */
Object.assign(globalThis, {
  conformance: {
    async names() {
      await loaded;
      return names();
    },
    run,
  },
});
