/**
 * What the tests of one browser share: the browser, a page server, two relays, and lines between them. Only what is about
 * silence uses the relay that is quick to notice it: whatever else a slow machine holds up loses no connection.
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { packPackages, unpackedFrontend } from '../../../scripts/lib/packages.mjs';
import { Link } from '../../conformance/harness/link.mjs';
import { API_KEY, Relay } from '../../conformance/harness/relay.mjs';
import { startBrowser } from '../../conformance/harness/webdriver.mjs';
import { PageServer } from './page-server.mjs';
import { Stream } from './stream.mjs';
import { assertPatience, assertTruth, assertWhole } from './truth.mjs';
import { countOf, Visitor } from './visitor.mjs';

/**
 * @typedef {import('../../conformance/harness/webdriver.mjs').BrowserName} BrowserName
 * @typedef {import('selenium-webdriver').WebDriver} WebDriver
 */

/** By then all tests of one kind have ended: each wait has a deadline of its own, which says what was waited for. */
export const LIMIT_MS = 400_000;

/** After so much silence, both sides take a connection to the quick relay for lost. */
export const SILENCE_MS = 5_000;

/** What makes it so: an interval and a timeout, in seconds. */
const QUICK = ['--heartbeat-seconds', '2', '--heartbeat-timeout-seconds', '3'];

/** What makes a relay that notices no silence while a test runs. */
export const DEAF = ['--heartbeat-seconds', '300'];

/**
 * Gives the tests of a file what they share, while they run.
 *
 * @param {BrowserName} name
 * @returns {Stage}
 */
export function stageOf(name) {
  const stage = new Stage(name);
  before(() => stage.set());
  after(() => stage.clear());
  return stage;
}

export class Stage {
  /** @type {(() => Promise<unknown>)[]} what ends each thing that was started, the latest first */
  #endings = [];
  /** @type {WebDriver | undefined} */
  #browser;
  /** @type {Relay | undefined} */
  #quick;
  /** @type {Relay | undefined} */
  #patient;
  #pages = '';

  /** @param {BrowserName} name */
  constructor(name) {
    this.name = name;
  }

  async set() {
    this.#quick = await this.startRelay(QUICK);
    this.#patient = await this.startRelay();
    const server = await PageServer.start(await sdkFolder());
    this.#endings.unshift(() => server.stop());
    this.#pages = server.url;
    const browser = await startBrowser(this.name);
    this.#endings.unshift(() => browser.quit());
    this.#browser = browser;
    await this.load();
  }

  async clear() {
    for (const end of this.#endings) await end();
  }

  get browser() {
    if (!this.#browser) throw new Error('the browser is there while a test runs');
    return this.#browser;
  }

  /** The relay whose heartbeat is quick. */
  get quick() {
    if (!this.#quick) throw new Error('the relay is there while a test runs');
    return this.#quick;
  }

  /** The relay as it is by default: it waits for 35 s. */
  get patient() {
    if (!this.#patient) throw new Error('the relay is there while a test runs');
    return this.#patient;
  }

  /** The address of a page of the tests. */
  pageUrl(path = '/') {
    return `${this.#pages}${path}`;
  }

  /** Shows the page of visitors, loaded anew. */
  async load() {
    await this.browser.get(this.pageUrl());
    await this.pageIsReady();
  }

  /** Waits until the page of visitors has run its script. */
  async pageIsReady() {
    await this.browser.wait(() => this.browser.executeScript('return globalThis.world !== undefined'));
  }

  /**
   * Starts a relay for as long as the tests run.
   *
   * @param {readonly string[]} [args] none: it is as patient as it is by default
   */
  async startRelay(args = []) {
    const relay = await Relay.start({ args });
    this.#endings.unshift(() => relay.stop());
    return relay;
  }

  /** Starts a relay that keeps its history in a folder, for as long as the tests run. */
  async startDurableRelay() {
    const folder = await mkdtemp(join(tmpdir(), 'realtime-relay-world-'));
    this.#endings.unshift(() => rm(folder, { recursive: true, force: true }));
    return this.startRelay(['--data-dir', folder]);
  }

  /**
   * A visitor on a line of its own, and a backend that publishes to it all the time.
   *
   * @param {{ relay?: Relay, tokenSeconds?: number, prepare?: (link: Link) => void }} [options] the relay, the patient
   *   one by default; for how long tokens hold, if it signs in; what is done to the line first
   * @returns {Promise<Scene>}
   */
  async scene({ relay = this.patient, tokenSeconds, prepare = () => {} } = {}) {
    const link = await Link.open(() => new URL(relay.url));
    this.#endings.unshift(() => link.close());
    prepare(link);
    const tokenUrl = tokenSeconds === undefined ? undefined : `/token?seconds=${tokenSeconds}`;
    const visitor = await Visitor.open(this.browser, { url: link.url, tokenUrl });
    return new Scene(relay, link, visitor, new Stream(() => relay.url, visitor.channel));
  }
}

/** A visitor, its line, and what is published to it. */
export class Scene {
  /**
   * @param {Relay} relay
   * @param {Link} link
   * @param {Visitor} visitor
   * @param {Stream} stream
   */
  constructor(relay, link, visitor, stream) {
    this.relay = relay;
    this.link = link;
    this.visitor = visitor;
    this.stream = stream;
  }

  /**
   * Ends the stream, waits for the last of its messages, and asserts that the visit was whole, true and patient.
   *
   * @param {{ outages?: number }} [expected] how many live connections it has lost, where that is known
   */
  async endsWhole({ outages } = {}) {
    await this.visitor.untilLive((outages ?? 0) + 1);
    const numbers = await this.stream.end();
    const last = numbers.at(-1);
    const visit = await this.visitor.until(
      `number ${last} has come in both ways`,
      ({ told, plain }) =>
        plain.at(-1) === last && told.some(([kind, payload]) => kind === 'message' && payload === last),
    );
    assertWhole(visit, numbers);
    const returns = outages ?? countOf(visit, 'live') - 1;
    assertTruth(visit, { synced: [false, ...Array(returns).fill(true)] });
    assertPatience(this.link.attempts);
    return visit;
  }

  /** How many sessions the relay has now. */
  async sessions() {
    const headers = { Authorization: `Bearer ${API_KEY}` };
    const metrics = await (await fetch(`${this.relay.url}/metrics`, { headers })).text();
    return Number(/^relay_sessions (\d+)$/m.exec(metrics)?.[1]);
  }
}

/** The browser SDK as its tarball unpacks. */
async function sdkFolder() {
  if (process.env.FRONTEND_FOLDER) return process.env.FRONTEND_FOLDER;
  return unpackedFrontend(process.env.FRONTEND_TARBALL ?? (await packPackages()).frontend);
}
