/**
 * `wix-realtime-frontend/subscriber` by the older name of its package.
 *
 * @module
 */
export * from 'wix-realtime-frontend/subscriber';
