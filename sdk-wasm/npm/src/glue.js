/**
 * The wasm's own JavaScript, which the build writes.
 *
 * @module
 */
export * from '../wasm/wix_realtime_frontend.js';
