/**
 * A page inside the test's page: one that can be loaded anew, and under a security policy. This is its script.
 *
 * @module
 */

import { sockets } from './sockets.js';

/**
 * @typedef {typeof import('wix-realtime-frontend')} Sdk
 * @typedef {Window & typeof globalThis & { inside?: { realtime: Sdk, sockets: typeof sockets } }} Framed
 */

const parameters = new URLSearchParams(location.search);

const missing = parameters.get('without');
if (missing) Reflect.deleteProperty(window, missing);

// Not by its name: a policy may forbid the import map that names have in a page.
const realtime = await import(parameters.get('sdk') ?? '');

/** @type {Framed} */ (window).inside = { realtime, sockets };
