/**
 * `wix-realtime-frontend` by its older name. The same client: what is subscribed by one name shares the connection of
 * the other.
 *
 * @module
 */
export * from 'wix-realtime-frontend';
export { default } from 'wix-realtime-frontend';
