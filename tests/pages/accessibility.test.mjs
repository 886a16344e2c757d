/**
 * The demo for those who use it by keyboard, with a screen reader, on a phone, in the dark or without motion.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { it } from 'node:test';
import { describeSite } from './harness/describe-site.mjs';
import { eventually } from './harness/eventually.mjs';

/** The rules of WCAG 2.2 AA and axe's own best practices, as a script for the page. */
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

/** A finger's target, by WCAG 2.2 AA. */
const MIN_TARGET_PX = 24;

describeSite('the page', (stage) => {
  /**
   * @param {import('playwright-core').BrowserContextOptions} [options]
   */
  const openPage = (options) => stage.openPage({ reducedMotion: 'reduce', ...options });

  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    for (const [width, options] of Object.entries({ desktop: {}, phone: PHONE })) {
      it(`breaks no rule of accessibility, ${colorScheme}, on a ${width}`, async () => {
        const page = await openPage({ colorScheme, bypassCSP: true, ...options });
        await page.send('hello', 'A message');
        await stage.site.publishJson({ name: 'hello' }, '{"any":["JSON"]}');
        await eventually(async () => assert.equal((await page.messagesOn('hello')).length, 2));
        await page.page.addScriptTag({ path: AXE });
        const { violations, passes } = await page.page.evaluate(() => Reflect.get(window, 'axe').run());
        assert.ok(passes.length > 20, 'axe looked at the page');
        assert.deepEqual(violations.map(describeViolation), []);
      });
    }
  }

  it('can be used by the keyboard alone', async () => {
    const page = await openPage();
    const { keyboard } = page.page;
    const visited = await tabThrough(page);
    assert.deepEqual(visited, [
      'Skip to the messages',
      'Your name',
      'Messages on hello',
      'Message to hello',
      'Send',
      'Copy',
      ...['kitchen', 'garden', 'garden / roses', 'garden / pond'].flatMap((stream) => [
        `Messages on ${stream}`,
        `Message to ${stream}`,
        `Send to ${stream}`,
      ]),
      'Visitor',
      'Send to all three',
      'Send',
      'Messages on club / open',
    ]);
    await page.callOneself('Anna');
    await page.page.getByLabel('Message to hello').focus();
    await keyboard.type('by keyboard');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await page.shows('hello', ['Anna: by keyboard']);
  });

  it('shows where the focus is, on everything that takes it', async () => {
    const page = await openPage();
    const unmarked = [];
    for (const _ of Array.from({ length: 20 })) {
      await page.page.keyboard.press('Tab');
      const { name, isMarked } = await page.page.evaluate(() => {
        const element = /** @type {HTMLElement} */ (document.activeElement);
        const drawn = [element, element.nextElementSibling].filter((candidate) => candidate !== null);
        const outlines = drawn.map((candidate) => getComputedStyle(candidate));
        return {
          name: element.outerHTML.slice(0, 80),
          isMarked: outlines.some(
            ({ outlineStyle, outlineWidth }) => outlineStyle === 'solid' && outlineWidth === '2px',
          ),
        };
      });
      if (!isMarked) unmarked.push(name);
    }
    assert.deepEqual(unmarked, []);
  });

  it('fits a phone that is 360 pixels wide, with targets that a finger can hit', async () => {
    const page = await openPage(PHONE);
    const long = 'w'.repeat(300);
    await page.callOneself('A name of forty characters, which is all');
    await page.send('hello', long);
    await stage.site.publishJson({ name: 'hello' }, JSON.stringify({ long }));
    await eventually(async () => assert.equal((await page.messagesOn('hello')).length, 2));
    const { overflowPx, small } = await page.page.evaluate((minPx) => {
      const targets = [...document.querySelectorAll('button, input, .segment')];
      const boxes = targets.map((target) => ({ target, box: target.getBoundingClientRect() }));
      return {
        overflowPx: document.documentElement.scrollWidth - window.innerWidth,
        small: boxes
          .filter(({ box }) => box.height < minPx || box.width < minPx)
          .map(({ target }) => target.outerHTML),
      };
    }, MIN_TARGET_PX);
    assert.equal(overflowPx, 0);
    assert.deepEqual(small, []);
  });

  it('moves nothing for who asked for less motion, and something for who did not', async () => {
    for (const [reducedMotion, moving] of /** @type {const} */ ([
      ['reduce', 0],
      ['no-preference', 1],
    ])) {
      const page = await openPage({ reducedMotion });
      // No animation ends by itself before it is looked for.
      const devTools = await page.page.context().newCDPSession(page.page);
      await devTools.send('Animation.enable');
      await devTools.send('Animation.setPlaybackRate', { playbackRate: 0 });
      await page.send('hello', 'hello');
      await page.page.locator('#hello-log .entry').waitFor();
      const animations = await page.page.evaluate(() => document.getAnimations().length);
      assert.equal(animations, moving);
    }
  });

  it('has each message of part 1 read out, and one line for the streams of part 2', async () => {
    const page = await openPage();
    const live = await page.page.evaluate(() =>
      [...document.querySelectorAll('[role=log]')].map((log) => log.getAttribute('aria-live') ?? 'polite'),
    );
    assert.deepEqual(live, ['polite', ...Array.from({ length: 7 }, () => 'off')]);
    await page.send('garden / pond', 'hello');
    const announced = page.page.locator('#streams-status[role=status]');
    await eventually(async () => assert.equal(await announced.textContent(), 'Message 1 on garden / pond'));
  });

  it('asks nothing of any other origin', async () => {
    const page = await openPage();
    /** @type {string[]} */
    const origins = [];
    page.page.on('request', (request) => origins.push(new URL(request.url()).origin));
    await page.reload();
    assert.ok(origins.length > 10);
    assert.deepEqual([...new Set(origins)], [new URL(stage.site.url).origin]);
  });
});

/**
 * @param {{ id: string, nodes: { html: string, failureSummary: string }[] }} violation
 */
function describeViolation({ id, nodes }) {
  return `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`;
}

/**
 * The names of everything that Tab reaches, in order, until it leaves the page.
 *
 * @param {import('./harness/demo-page.mjs').DemoPage} page
 */
async function tabThrough({ page }) {
  /** @type {string[]} */
  const names = [];
  for (const _ of Array.from({ length: 40 })) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const element = /** @type {HTMLElement} */ (document.activeElement);
      if (element === document.body) return undefined;
      const label = element instanceof HTMLInputElement ? element.labels?.[0]?.innerText : undefined;
      return element.getAttribute('aria-label') ?? label ?? element.innerText;
    });
    if (name === undefined) break;
    names.push(name.trim());
  }
  return names;
}
