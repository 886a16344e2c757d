/**
 * The wasm, deflated, in base64. It is put here when the package is bundled, so that it reaches a page by the same way
 * as the code around it: no bundler can leave it behind and no server can lack it.
 *
 * @module
 */

/** The text, until it is forgotten. */
export const packedWasm = () => '';

/**
 * Forgets it, which frees its memory. That it can change also keeps it where it is: a constant that is used once would be
 * written into the place of its use by the bundlers of pages, where it spoils the compression of the code around it.
 */
export const forgetPackedWasm = () => {};
