/**
 * A browser under WebDriver (https://www.w3.org/TR/webdriver2/), the same for Chromium and for Firefox.
 *
 * @module
 */

import { delimiter } from 'node:path';
import { Builder } from 'selenium-webdriver';
import * as chrome from 'selenium-webdriver/chrome.js';
import * as firefox from 'selenium-webdriver/firefox.js';
import { testToolsPath } from '../../../scripts/lib/test-tools.mjs';
import { which } from '../../../scripts/lib/which.mjs';

/**
 * @typedef {import('selenium-webdriver').WebDriver} WebDriver
 * @typedef {'Chromium' | 'Firefox'} BrowserName
 */

/** What a script in a page may take before the driver gives it up: more than the page itself allows a test. */
const SCRIPT_LIMIT_MS = 60_000;

/**
 * Starts a browser. The programs are those that the scripts have found, else those on PATH.
 *
 * @param {BrowserName} name
 * @returns {Promise<WebDriver>}
 */
export async function startBrowser(name) {
  const builder = name === 'Chromium' ? chromium() : gecko();
  const driver = await builder.build();
  await driver.manage().setTimeouts({ script: SCRIPT_LIMIT_MS });
  return driver;
}

/** Nothing is fetched by the browser itself, and it runs as root in a container too. */
function chromium() {
  const options = new chrome.Options();
  options.setBinaryPath(program('CHROMIUM_PATH', ['chromium', 'chromium-browser', 'google-chrome']));
  options.addArguments(
    '--headless=new',
    '--no-sandbox',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-quic',
    '--no-first-run',
  );
  const driver = program('CHROMEDRIVER_PATH', ['chromedriver']);
  return new Builder()
    .forBrowser('chrome')
    .setChromeOptions(options)
    .setChromeService(new chrome.ServiceBuilder(driver));
}

function gecko() {
  const options = new firefox.Options();
  options.setBinary(program('FIREFOX_PATH', ['firefox-esr', 'firefox']));
  options.addArguments('-headless');
  options.setPreference('app.update.enabled', false);
  options.setPreference('datareporting.policy.dataSubmissionEnabled', false);
  options.setPreference('network.captive-portal-service.enabled', false);
  options.setPreference('network.connectivity-service.enabled', false);
  const driver = program('GECKODRIVER_PATH', ['geckodriver']);
  return new Builder()
    .forBrowser('firefox')
    .setFirefoxOptions(options)
    .setFirefoxService(new firefox.ServiceBuilder(driver));
}

/**
 * @param {string} variable
 * @param {string[]} names
 * @returns {string}
 */
function program(variable, names) {
  const path = process.env[variable] || which(names, [testToolsPath, process.env.PATH].join(delimiter));
  if (!path) throw new Error(`${names[0]} is not on PATH: install it, or name it in ${variable}`);
  return path;
}
