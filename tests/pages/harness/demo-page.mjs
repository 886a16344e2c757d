/**
 * The demo page as its reader sees it: tests speak of parts and messages, and only this file knows the markup.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { newPerson, watchComplaints } from './browser.mjs';
import { eventually } from './eventually.mjs';

/**
 * @typedef {import('playwright-core').Browser} Browser
 * @typedef {import('playwright-core').BrowserContext} BrowserContext
 * @typedef {import('playwright-core').BrowserContextOptions} BrowserContextOptions
 * @typedef {import('playwright-core').Page} Page
 * @typedef {'Visitor' | 'Member' | 'Admin'} IdentityType
 * @typedef {{ status: string, refusal: string | null }} RoomState
 */

/** What the indicator says. */
export const Indicator = Object.freeze({
  connecting: 'Connecting…',
  connected: 'Connected',
  reconnecting: 'Disconnected, reconnecting…',
  ended: 'Disconnected',
});

/** How many channels and resources the page listens to, or tries to. */
const LISTENERS = 8;

/** One open page of the demo. */
export class DemoPage {
  /**
   * @param {Page} page
   * @param {string[]} complaints
   * @param {string[]} frames
   */
  constructor(page, complaints, frames) {
    this.page = page;
    this.complaints = complaints;
    /** Every text frame that came from the relay, as it was on the wire. */
    this.frames = frames;
  }

  /**
   * Opens the page in a browser profile of its own.
   *
   * @param {Browser} browser
   * @param {string} url
   * @param {BrowserContextOptions} [options]
   */
  static async openAsSomeoneNew(browser, url, options) {
    return DemoPage.open(await newPerson(browser, options), url);
  }

  /**
   * Opens the page and waits until it listens to everything that it may listen to.
   *
   * @param {BrowserContext} person
   * @param {string} url
   */
  static async open(person, url) {
    const demo = await DemoPage.load(person, url);
    try {
      await demo.settle();
    } catch (cause) {
      throw new Error(`the page does not settle; it complains: ${demo.complaints.join('\n')}`, { cause });
    }
    return demo;
  }

  /**
   * Opens the page, whatever comes of it.
   *
   * @param {BrowserContext} person
   * @param {string} url
   */
  static async load(person, url) {
    const page = await person.newPage();
    const complaints = watchComplaints(page);
    /** @type {string[]} */
    const frames = [];
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => frames.push(String(payload)));
    });
    await page.goto(url);
    return new DemoPage(page, complaints, frames);
  }

  /** Another tab of the same browser profile. */
  async openTab() {
    return DemoPage.open(this.page.context(), this.page.url());
  }

  async reload() {
    await this.page.reload();
    await this.settle();
  }

  /** Waits until the relay has answered for every channel of the page. */
  async settle() {
    await this.indicates(Indicator.connected);
    await eventually(async () => {
      const states = await this.page
        .locator('[data-state]')
        .evaluateAll((listeners) =>
          listeners.map((listener) => /** @type {HTMLElement} */ (listener).dataset.state),
        );
      assert.equal(states.length, LISTENERS);
      assert.ok(!states.includes('waiting'), `still waiting: ${states}`);
    });
  }

  /** What the connection indicator says now. */
  indicator() {
    return this.page.locator('#connection').innerText();
  }

  /**
   * Waits until the indicator says this.
   *
   * @param {string} text
   */
  async indicates(text) {
    await eventually(async () => assert.equal(await this.indicator(), text));
  }

  /**
   * The messages of one list, oldest first: a text of the chat as `author: text`, anything else as its JSON.
   *
   * @param {string} channel `hello`, `garden`, `garden / roses`, …
   * @returns {Promise<string[]>}
   */
  messagesOn(channel) {
    return this.#logOf(channel)
      .locator('.entry')
      .evaluateAll((entries) =>
        entries.map((entry) => {
          const json = entry.querySelector('.payload');
          if (json) return json.textContent ?? '';
          return `${entry.querySelector('.author')?.textContent}: ${entry.querySelector('.text')?.textContent}`;
        }),
      );
  }

  /**
   * Waits until one list holds exactly these messages.
   *
   * @param {string} channel
   * @param {readonly string[]} messages
   */
  async shows(channel, messages) {
    await eventually(async () => assert.deepEqual(await this.messagesOn(channel), messages));
  }

  /**
   * The label of each message's publisher: `you`, or the beginning of an id.
   *
   * @param {string} channel
   */
  publishersOn(channel) {
    return this.#logOf(channel).locator('.publisher').allInnerTexts();
  }

  /**
   * Types a message into the form of one list and sends it.
   *
   * @param {string} channel
   * @param {string} text
   */
  async send(channel, text) {
    const input = this.page.getByRole('textbox', { name: `Message to ${channel}`, exact: true });
    await input.fill(text);
    await input.press('Enter');
  }

  /** @param {string} text */
  async sendToAllRooms(text) {
    await this.page.getByLabel('Send to all three').fill(text);
    await this.page.getByLabel('Send to all three').press('Enter');
  }

  /** @param {string} name */
  async callOneself(name) {
    await this.page.getByLabel('Your name').fill(name);
    await this.page.getByLabel('Your name').blur();
  }

  /**
   * Changes the identity and waits until the relay has answered for it.
   *
   * @param {IdentityType} type
   */
  async become(type) {
    const before = await this.identity();
    await this.page.getByRole('radio', { name: type }).check();
    await eventually(async () => {
      const now = await this.identity();
      assert.equal(now.type, type);
      assert.notEqual(now.id, before.id);
    });
    await this.settle();
  }

  /** Who the page says its reader is. */
  async identity() {
    const id = await this.page.locator('#who').innerText();
    const type = await this.page.locator('input[name="identity"]:checked').inputValue();
    return { id, type };
  }

  /**
   * What the page says about each room of part 3, in order.
   *
   * @returns {Promise<RoomState[]>}
   */
  rooms() {
    return this.page.locator('.room').evaluateAll((rooms) =>
      rooms.map((room) => {
        const refusal = /** @type {HTMLElement} */ (room.querySelector('.refusal'));
        const status = /** @type {HTMLElement} */ (room.querySelector('.badge')).innerText;
        return { status, refusal: refusal.hidden ? null : refusal.innerText };
      }),
    );
  }

  /** Closes the whole browser profile. */
  async leave() {
    await this.page.context().close();
  }

  /** @param {string} channel */
  #logOf(channel) {
    return this.page.getByRole('log', { name: `Messages on ${channel}`, exact: true });
  }
}
