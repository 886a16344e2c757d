/**
 * The relay that conformance is shown against: with permissions that a test can change, and restarts at its wish.
 *
 * @module
 */

import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LOOPBACK } from '../../../scripts/lib/ports.mjs';
import { testedRelay } from '../../../scripts/lib/project.mjs';
import { startService } from '../../../scripts/lib/services.mjs';
import { until } from './until.mjs';

/** @typedef {import('../../../scripts/lib/services.mjs').Service} Service */

/** What the backend publishes with. */
export const API_KEY = 'conformance';

/** What users' tokens are signed with. */
export const TOKEN_SECRET = 'the secret of the conformance tests, long enough';

/** What the relay logs when the permissions file has changed, whether it loads or not. */
const NOTICED = /the permissions file (has changed and is in force|loads again|does not load)/;

/** The permissions until a test changes them: each rule of the API has channels of its own. */
export const PERMISSIONS = `
import { permissionsRouter } from 'wix-realtime-backend';

permissionsRouter.default(() => ({ read: true }));
permissionsRouter.add({ name: 'refused' }, () => ({ read: false }));
permissionsRouter.add({ name: 'refused', resourceId: 'but-open' }, () => ({ read: true }));
permissionsRouter.add({ name: 'members' }, (_channel, subscriber) => ({ read: subscriber.type === 'Member' }));
permissionsRouter.add({ name: 'admins' }, async (_channel, { type }) => ({ read: type === 'Admin' }));
permissionsRouter.add({ name: 'only-anna' }, (_channel, { id }) => ({ read: id === 'anna' }));
permissionsRouter.add({ name: 'only-resource-7' }, ({ resourceId }) => ({ read: resourceId === '7' }));
permissionsRouter.add({ name: 'silent' }, () => ({}));
permissionsRouter.add({ name: 'chatty' }, () => ({ read: true, write: false, note: 'ignored' }));
permissionsRouter.add({ name: 'throws' }, () => { throw new Error('a secret detail'); });

export function realtime_check_permission(channel, subscriber) {
  return permissionsRouter.check(channel, subscriber);
}
`;

export class Relay {
  /** @type {Service | undefined} */
  #service;

  /** @type {string[]} */
  #log = [];

  /**
   * @param {string} site the site's folder, with the permissions in `backend/realtime-permissions.js`
   * @param {readonly string[]} args
   */
  constructor(site, args) {
    this.site = site;
    this.args = args;
  }

  /**
   * Starts a relay on a free port. Rejects with all that it has printed when it does not start.
   *
   * @param {{ args?: readonly string[], permissions?: string | null }} [options] what else `relay serve` is told, and
   *   the permissions file; `null` for none
   * @returns {Promise<Relay>}
   */
  static async start({ args = [], permissions = PERMISSIONS } = {}) {
    const site = await mkdtemp(join(tmpdir(), 'realtime-relay-conformance-'));
    const relay = new Relay(site, permissions === null ? args : ['--site', site, ...args]);
    if (permissions !== null) await relay.writePermissions(permissions);
    try {
      await relay.#start();
    } catch (error) {
      await relay.stop();
      throw error;
    }
    return relay;
  }

  get url() {
    if (!this.#service) throw new Error('the relay does not run');
    return this.#service.url;
  }

  /** What it has logged so far, earlier lives included. */
  get log() {
    return this.#log.join('\n');
  }

  get #permissionsFile() {
    return join(this.site, 'backend', 'realtime-permissions.js');
  }

  /**
   * Puts another permissions file in the place of the one before, in one step: nobody reads half of one.
   *
   * @param {string} text
   */
  async writePermissions(text) {
    await mkdir(dirname(this.#permissionsFile), { recursive: true });
    const unfinished = `${this.#permissionsFile}.tmp`;
    await writeFile(unfinished, text);
    await rename(unfinished, this.#permissionsFile);
  }

  /**
   * Writes another permissions file while the relay runs, and waits until it has noticed.
   *
   * @param {string} text
   */
  async changePermissions(text) {
    const before = this.#log.length;
    await this.writePermissions(text);
    const hasNoticed = () => this.#log.slice(before).some((line) => NOTICED.test(line));
    await until(hasNoticed, () => `the relay notices the file: ${this.log}`);
  }

  /**
   * Ends the relay and starts it again, on another port; what a store would have kept is lost.
   *
   * @param {{ how?: 'kill' | 'stop', permissions?: string }} [options] as a crash would, or in good order
   */
  async restart({ how = 'kill', permissions } = {}) {
    await this.#service?.[how]();
    if (permissions !== undefined) await this.writePermissions(permissions);
    await this.#start();
  }

  async stop() {
    await this.#service?.stop();
    await rm(this.site, { recursive: true, force: true });
  }

  async #start() {
    // Tokens end when they say so, since tests wait for that.
    const listen = ['--listen', `${LOOPBACK}:0`, '--token-clock-skew-seconds', '0'];
    this.#service = await startService({
      command: testedRelay(),
      args: ['serve', ...listen, ...this.args],
      env: { RELAY_API_KEY: API_KEY, RELAY_TOKEN_SECRET: TOKEN_SECRET },
      onLine: (line) => this.#log.push(line),
    });
  }
}
