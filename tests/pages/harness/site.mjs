/**
 * A relay and a backend host of their own for one test file, serving the demo site.
 *
 * @module
 */

import { join } from 'node:path';
import { hostProgram, packPackages, unpackedFrontend } from '../../../scripts/lib/packages.mjs';
import { LOOPBACK } from '../../../scripts/lib/ports.mjs';
import { root, testedRelay } from '../../../scripts/lib/project.mjs';
import { startService } from '../../../scripts/lib/services.mjs';
import { Link } from '../../conformance/harness/link.mjs';

/**
 * @typedef {import('../../../scripts/lib/services.mjs').Service} Service
 * @typedef {{ name: string, resourceId?: string }} Channel
 */

/** The keys of the relays that tests start. */
export const API_KEY = 'page-tests';
const TOKEN_SECRET = 'the secret of the page tests, which is long enough';

/** The demo. */
const siteFolder = join(root, 'www');
const permissions = join(siteFolder, 'backend', 'realtime-permissions.js');

const env = { RELAY_API_KEY: API_KEY, RELAY_TOKEN_SECRET: TOKEN_SECRET };

/**
 * Starts a relay with the demo's permissions.
 *
 * @param {{ port?: number, args?: readonly string[] }} [options] port 0, any free one, by default
 * @returns {Promise<Service>}
 */
export async function startRelay({ port = 0, args = [] } = {}) {
  return startService({
    command: testedRelay(),
    args: ['serve', '--listen', `${LOOPBACK}:${port}`, '--permissions', permissions, ...args],
    env,
  });
}

/**
 * Starts the host with the demo site and the packed browser SDK.
 *
 * @param {string} relayUrl
 * @returns {Promise<Service>}
 */
export async function startHost(relayUrl) {
  const sdk = await frontendFolder();
  const listen = ['--listen', `${LOOPBACK}:0`];
  return startService({
    command: process.execPath,
    args: [hostProgram, 'serve', siteFolder, ...listen, '--relay', relayUrl, '--sdk', sdk],
    env: { ...env, RELAY_URL: relayUrl },
  });
}

/** @returns {Promise<string>} the browser SDK as its tarball unpacks */
export async function frontendFolder() {
  return process.env.FRONTEND_FOLDER ?? unpackedFrontend(await frontendTarball());
}

/** @returns {Promise<string>} the browser SDK as it would be published */
export async function frontendTarball() {
  return process.env.FRONTEND_TARBALL ?? (await packPackages()).frontend;
}

/** A relay and a host for as long as a test file runs. */
export class Site {
  /**
   * @param {Service} relay
   * @param {Service} host
   */
  constructor(relay, host) {
    this.relay = relay;
    this.host = host;
  }

  /** Where backends find the relay. */
  get relayUrl() {
    return this.relay.url;
  }

  /** @param {{ relayPort?: number }} [options] any free port by default */
  static async start({ relayPort = 0 } = {}) {
    const relay = await startRelay({ port: relayPort });
    return new Site(relay, await startHost(relay.url));
  }

  /** Where the demo page is. */
  get url() {
    return this.host.url;
  }

  /**
   * Publishes as any program could: one HTTP request. The payload is JSON text, so that a test decides how its
   * numbers are written.
   *
   * @param {Channel} channel
   * @param {string} payloadJson
   */
  async publishJson(channel, payloadJson) {
    const response = await fetch(`${this.relay.url}/v1/publish`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${API_KEY}`, 'Content-Type': 'application/json' },
      body: `{"channel":${JSON.stringify(channel)},"payload":${payloadJson}}`,
    });
    if (response.status !== 200) throw new Error(`publish: ${response.status} ${await response.text()}`);
  }

  async stop() {
    await Promise.all([this.host.stop(), this.relay.stop()]);
  }
}

/** A site whose relay comes and goes behind an address that stays: nobody else can take that in between. */
export class MortalSite extends Site {
  /**
   * @param {Service} relay
   * @param {Service} host
   * @param {Link} link
   */
  constructor(relay, host, link) {
    super(relay, host);
    this.link = link;
    link.relay = () => new URL(this.relay.url);
  }

  /** @override */
  static async start() {
    const relay = await startRelay();
    const link = await Link.open(() => new URL(relay.url));
    return new MortalSite(relay, await startHost(link.url), link);
  }

  /** @override */
  get relayUrl() {
    return this.link.url;
  }

  /** Ends the relay as a crash or a power cut would: it tells nobody. */
  async killRelay() {
    await this.relay.kill();
  }

  /** Starts the relay again where it was before. */
  async restartRelay() {
    this.relay = await startRelay();
  }

  /** @override */
  async stop() {
    await super.stop();
    await this.link.close();
  }
}
