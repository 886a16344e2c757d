/**
 * A page inside the test's page: one that can be loaded anew. This is its script; the SDK comes by its name.
 *
 * @module
 */

import * as realtime from 'wix-realtime-frontend';
import { sockets } from './sockets.js';

/** @typedef {Window & { inside?: { realtime: typeof realtime, sockets: typeof sockets } }} Framed */

/** @type {Framed} */ (window).inside = { realtime, sockets };
