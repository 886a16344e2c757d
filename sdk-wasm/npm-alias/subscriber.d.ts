export * from 'wix-realtime-frontend/subscriber';
