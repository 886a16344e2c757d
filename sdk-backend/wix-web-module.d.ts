/** The module that backend files of a site folder import; the host provides it. */
declare module 'wix-web-module' {
  export { Permissions, webMethod } from 'wix-realtime-backend/web-module';
}

/** The same by its newer name. */
declare module '@wix/web-methods' {
  export { Permissions, webMethod } from 'wix-realtime-backend/web-module';
}
