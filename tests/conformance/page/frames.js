/**
 * Pages inside the test's page.
 *
 * @module
 */

import { until } from './waiting.js';

/** @typedef {import('./frame.js').Framed} Framed */

export class Frame {
  #element = document.createElement('iframe');

  /**
   * Loads a page, with the relay's address in its `<meta>` if there is one.
   *
   * @param {string} [relay]
   */
  static async open(relay) {
    const frame = new Frame();
    frame.#element.src = `/?${new URLSearchParams({ page: 'frame', ...(relay ? { relay } : {}) })}`;
    document.body.append(frame.#element);
    await frame.#ready();
    return frame;
  }

  /** Loads the page again, as its reader would. */
  async reload() {
    const before = this.#window;
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

  /** Who the relay takes this page's reader for. */
  async subscriber() {
    const welcome = await until(
      () => this.sockets.flatMap(({ received }) => received).find((text) => text.includes('"welcome"')),
      'the relay welcomes the page',
    );
    return /** @type {{ id: string, type: string }} */ (JSON.parse(welcome).subscriber);
  }

  close() {
    this.#element.remove();
  }

  get #window() {
    return /** @type {Framed} */ (/** @type {unknown} */ (this.#element.contentWindow));
  }

  get #inside() {
    const { inside } = this.#window;
    if (!inside) throw new Error('the page inside is not loaded');
    return inside;
  }

  #ready = () => until(() => this.#window.inside, 'the page inside is loaded');
}
