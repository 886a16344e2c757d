/**
 * Runs all scenarios in one browser.
 *
 * @module
 */

import { describe } from 'node:test';
import { keepingScenarios } from '../scenarios/kept.mjs';
import { lineScenarios } from '../scenarios/line.mjs';
import { pageScenarios } from '../scenarios/page.mjs';
import { relayScenarios } from '../scenarios/relay.mjs';
import { sleepScenarios } from '../scenarios/sleep.mjs';
import { stageOf } from './stage.mjs';

/**
 * Declares the tests of all scenarios for Node's test runner.
 *
 * @param {import('../../conformance/harness/webdriver.mjs').BrowserName} browser
 */
export function worldIn(browser) {
  describe(`the world in ${browser}`, () => {
    const stage = stageOf(browser);
    lineScenarios(stage);
    relayScenarios(stage);
    sleepScenarios(stage);
    pageScenarios(stage);
    if (browser === 'Chromium') keepingScenarios(stage);
  });
}
