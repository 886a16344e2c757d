/**
 * `docs/guarantees.md` is held to the code: its tests exist, every test of `tests/world` is in it, and its times are those
 * in force.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { relayBinary, root } from '../../scripts/lib/project.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { assertShown, leavesOf, placesOf, rowsUnder, testsIn } from './rows.mjs';

const WORLD = 'tests/world/scenarios';

const page = readFileSync(join(root, 'docs', 'guarantees.md'), 'utf8');

const rows = rowsUnder(page, '| promise | runs in | shown by |').map(
  ([promise = '', where = '', shownBy = '']) => ({ promise, where, tests: testsIn(shownBy) }),
);
const named = rows.flatMap(({ tests }) => tests);

describe('the promises', () => {
  it('are made once, and name tests that exist, by names that tell them apart', () => {
    assertShown(rows.map(({ promise, tests }) => ({ claim: promise, tests })));
  });

  it('name every test of the world', () => {
    const known = new Set(named.map(({ file, name }) => `${file}: ${name}`));
    const unnamed = readdirSync(join(root, WORLD))
      .flatMap((file) => leavesOf(`${WORLD}/${file}`))
      .filter(({ file, name }) => !known.has(`${file}: ${name}`));
    assert.deepEqual(unnamed, []);
  });

  it('say where their tests run', () => {
    for (const { promise, where, tests } of rows) assert.equal(where, placesOf(tests), promise);
  });

  it('have the times that are in force', async () => {
    const config = await run(process.env.RELAY_BIN ?? relayBinary, ['config']);
    const clientSettings = readFileSync(join(root, 'client', 'src', 'settings.rs'), 'utf8');
    const times = rowsUnder(page, '| what | setting | by default |');
    assert.ok(times.length > 0);
    for (const [, setting = '', seconds = ''] of times) {
      const name = setting.replaceAll('`', '');
      const found = name.startsWith('--') ? flagOf(config, name) : fieldOf(clientSettings, name);
      assert.equal(seconds, `${found} s`, name);
    }
  });
});

/**
 * @param {string} config
 * @param {string} flag
 */
const flagOf = (config, flag) =>
  Number(new RegExp(`^${flag.replace('--', '')} +(\\d+)`, 'm').exec(config)?.[1]);

/**
 * @param {string} settings the source of the client's settings
 * @param {string} field
 */
function fieldOf(settings, field) {
  const [, unit, count] =
    new RegExp(`${field}: Duration::from_(secs|millis)\\((\\d+)\\)`).exec(settings) ?? [];
  return Number(count) / (unit === 'millis' ? 1000 : 1);
}
