/**
 * The wasm, deflated, in base64. It is put here when the package is bundled, so that it reaches a page by the same way
 * as the code around it: no bundler can leave it behind and no server can lack it.
 *
 * @module
 */
export const PACKED_WASM = '';
