export * from 'wix-realtime-frontend';
