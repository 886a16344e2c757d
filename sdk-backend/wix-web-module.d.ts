/** The module that backend files of a site folder import; the host provides it. */
declare module 'wix-web-module' {
  export { Permissions, webMethod } from 'wix-realtime-backend/web-module';
}
