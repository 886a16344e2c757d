/**
 * Pages inside the test's page.
 *
 * @module
 */

import { entryOf } from './sdk.js';
import { until } from './waiting.js';

/**
 * @typedef {import('./frame.js').Framed} Framed
 *
 * @typedef {object} Circumstances
 * @property {string} [relay] the relay's address in the page's `<meta>`
 * @property {string} [policy] the page's security policy
 * @property {string} [without] a global that the page's browser does not have
 */

export class Frame {
  #element = document.createElement('iframe');

  /** @param {Circumstances} circumstances */
  static async open(circumstances) {
    const frame = new Frame();
    const parameters = { sdk: entryOf('imported'), ...circumstances };
    frame.#element.src = `/framed?${new URLSearchParams(parameters)}`;
    document.body.append(frame.#element);
    await frame.#ready();
    return frame;
  }

  /** Loads the page again, as its reader would. */
  async reload() {
    const before = this.window;
    delete before.inside;
    before.location.reload();
    await this.#ready();
  }

  get realtime() {
    return this.#inside.realtime;
  }

  get sockets() {
    return this.#inside.sockets();
  }

  get window() {
    return /** @type {Framed} */ (this.#element.contentWindow);
  }

  /**
   * Who the relay takes this page's reader for.
   *
   * @param {number} [connection] the how manieth of the page, from 1
   */
  async subscriber(connection = 1) {
    const welcomes = () =>
      this.sockets.flatMap(({ received }) => received.filter((text) => text.includes('"welcome"')));
    const welcome = await until(
      () => welcomes()[connection - 1],
      `the relay welcomes the page ${connection} times`,
    );
    return /** @type {{ id: string, type: string }} */ (JSON.parse(welcome).subscriber);
  }

  close() {
    this.#element.remove();
  }

  get #inside() {
    const { inside } = this.window;
    if (!inside) throw new Error('the page inside is not loaded');
    return inside;
  }

  #ready = () => until(() => this.window.inside, 'the page inside is loaded');
}
