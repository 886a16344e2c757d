/**
 * A page's line to the relay.
 *
 * @module
 */

import { hands } from './hands.js';

export class Link {
  /** @param {string} url what the page takes for the relay's address */
  constructor(url) {
    this.url = url;
  }

  static async open() {
    return new Link(await hands.openLink());
  }

  /** Ends all connections as a lost network would. */
  cut = () => hands.cut(this.url);

  /** Lets no connection through until `mend`. */
  bar = () => hands.bar(this.url);

  /** Carries nothing any more, in either direction, until `mend`. */
  silence = () => hands.silence(this.url);

  /** Carries everything again. */
  mend = () => hands.mend(this.url);

  /** How many connections were made over it so far. */
  connections = () => hands.connections(this.url);

  close = () => hands.closeLink(this.url);
}
