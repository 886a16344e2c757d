/**
 * `npm run screenshots`: renews the pictures of the demo in `docs/images/`, from a relay and a page that run.
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium } from '../tests/pages/harness/browser.mjs';
import { DemoPage, Indicator } from '../tests/pages/harness/demo-page.mjs';
import { Site } from '../tests/pages/harness/site.mjs';
import { Advice } from './lib/failure.mjs';
import { say } from './lib/log.mjs';
import { main } from './lib/main.mjs';
import { freePortNear } from './lib/ports.mjs';
import { endAllGroups } from './lib/processes.mjs';
import { root } from './lib/project.mjs';

/** Pictures are part of every clone. */
const MAX_BYTES = 300 * 1024;

const folder = join(root, 'docs', 'images');

/** Where `npm start` has its relay, too: the address is in the picture. */
const RELAY_PORT = 8787;

/** How long the page marks a stream that has just received something. */
const MARKED_MS = 1500;

/** @type {Record<string, import('playwright-core').BrowserContextOptions>} */
const PICTURES = {
  'hello-realtime-light': { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  'hello-realtime-dark': { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  'hello-realtime-phone': {
    viewport: { width: 360, height: 880 },
    colorScheme: 'light',
    deviceScaleFactor: 2,
  },
};

const TEMPERATURES = '{"station":"on the roof","temperatures":[19.5,20,20.5,21,21.5],"unit":"°C"}';

await main(async () => {
  mkdirSync(folder, { recursive: true });
  const [site, browser] = await Promise.all([startSite(), launchChromium()]);
  try {
    for (const [name, options] of Object.entries(PICTURES)) {
      const page = await DemoPage.openAsSomeoneNew(browser, site.url, {
        reducedMotion: 'reduce',
        ...options,
      });
      const other = await DemoPage.openAsSomeoneNew(browser, site.url);
      await talk(site, page, other);
      await take(page, name);
      await page.leave();
      await other.leave();
    }
  } finally {
    await browser.close();
    await endAllGroups();
  }
});

async function startSite() {
  return Site.start({ relayPort: await freePortNear(RELAY_PORT) });
}

/**
 * Fills the page with something to see.
 *
 * @param {Site} site
 * @param {DemoPage} page the one in the picture
 * @param {DemoPage} other
 */
async function talk(site, page, other) {
  await page.callOneself('Quiet Otter');
  await other.callOneself('Lucky Finch');
  await page.become('Member');
  await page.send('hello', 'Hello everyone');
  await page.shows('hello', ['Quiet Otter: Hello everyone']);
  await other.send('hello', 'Hello! It is here before I have looked up.');
  await other.page.locator('#hello-log .entry').nth(1).waitFor();
  await site.publishJson({ name: 'hello' }, TEMPERATURES);
  await page.send('garden', 'The gate is open');
  await other.send('garden / roses', 'The first bud is out');
  await other.sendToAllRooms('Doors open at eight');
  await page.page.locator('#hello-log .entry').nth(2).waitFor();
  for (const stream of ['garden', 'garden / roses', 'club / open', 'club / members']) {
    await page.page
      .getByRole('log', { name: `Messages on ${stream}`, exact: true })
      .locator('.entry')
      .waitFor();
  }
}

/**
 * @param {DemoPage} page
 * @param {string} name
 */
async function take(page, name) {
  await page.indicates(Indicator.connected);
  await page.page.waitForTimeout(MARKED_MS);
  await page.page.evaluate(() => {
    /** @type {HTMLElement} */ (document.activeElement).blur();
    window.scrollTo(0, 0);
  });
  const path = join(folder, `${name}.png`);
  await page.page.screenshot({ path, fullPage: !name.endsWith('phone') });
  const { size } = statSync(path);
  if (size > MAX_BYTES) throw new Advice(`${path} has ${size} bytes, more than ${MAX_BYTES}.`);
  say(`${path}  ${Math.round(size / 1024)} KiB`);
}
