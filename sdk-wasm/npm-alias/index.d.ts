export * from 'wix-realtime-frontend';
export { default } from 'wix-realtime-frontend';
