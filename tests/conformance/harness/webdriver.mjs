/**
 * A browser under WebDriver (https://www.w3.org/TR/webdriver2/), the same for Chromium and for Firefox.
 *
 * @module
 */

import { delimiter } from 'node:path';
import { Builder } from 'selenium-webdriver';
import * as chrome from 'selenium-webdriver/chrome.js';
import * as firefox from 'selenium-webdriver/firefox.js';
import { LOOPBACK } from '../../../scripts/lib/ports.mjs';
import { startService } from '../../../scripts/lib/services.mjs';
import { testToolsPath } from '../../../scripts/lib/test-tools.mjs';
import { which } from '../../../scripts/lib/which.mjs';

/**
 * @typedef {import('selenium-webdriver').WebDriver} WebDriver
 * @typedef {'Chromium' | 'Firefox'} BrowserName
 */

/** What a script in a page may take before the driver gives it up: more than the page itself allows a test. */
const SCRIPT_LIMIT_MS = 150_000;

/** How a driver says which port it has found. */
const LISTENING = /(?:started successfully on port |Listening on 127\.0\.0\.1:)(\d+)/;

/**
 * Starts a browser and the driver in front of it, which ends with the browser's `quit`. The programs are those that the
 * scripts have found, else those on PATH.
 *
 * @param {BrowserName} name
 * @returns {Promise<WebDriver>}
 */
export async function startBrowser(name) {
  const { service, builder } = await (name === 'Chromium' ? chromium() : gecko());
  try {
    const browser = await builder.usingServer(`http://${LOOPBACK}:${service.url}`).build();
    const quit = browser.quit.bind(browser);
    browser.quit = () => quit().finally(service.stop);
    await browser.manage().setTimeouts({ script: SCRIPT_LIMIT_MS });
    return browser;
  } catch (error) {
    await service.stop();
    throw error;
  }
}

/** Nothing is fetched by the browser itself, and it runs as root in a container too. */
async function chromium() {
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
  const service = await startDriver(program('CHROMEDRIVER_PATH', ['chromedriver']), ['--port=0']);
  return { service, builder: new Builder().forBrowser('chrome').setChromeOptions(options) };
}

async function gecko() {
  const options = new firefox.Options();
  options.setBinary(program('FIREFOX_PATH', ['firefox-esr', 'firefox']));
  options.addArguments('-headless');
  options.setPreference('app.update.enabled', false);
  options.setPreference('datareporting.policy.dataSubmissionEnabled', false);
  options.setPreference('network.captive-portal-service.enabled', false);
  options.setPreference('network.connectivity-service.enabled', false);
  const service = await startDriver(program('GECKODRIVER_PATH', ['geckodriver']), ['--port', '0']);
  return { service, builder: new Builder().forBrowser('firefox').setFirefoxOptions(options) };
}

/**
 * Starts a driver on a port that it finds itself, so that nobody can take it in between; the service's `url` is the port
 * alone.
 *
 * @param {string} command
 * @param {string[]} args
 */
const startDriver = (command, args) => startService({ command, args, listening: LISTENING });

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
