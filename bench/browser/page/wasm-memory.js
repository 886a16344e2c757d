/**
 * How much memory the page's wasm has, whoever loads it: noted where it is instantiated.
 *
 * @module
 */

/** @type {WebAssembly.Memory | undefined} */
let memory;

const { instantiateStreaming } = WebAssembly;

WebAssembly.instantiateStreaming = async (source, imports) => {
  const made = await instantiateStreaming(source, imports);
  memory = /** @type {WebAssembly.Memory | undefined} */ (made.instance.exports.memory);
  return made;
};

/** Bytes; 0 without wasm. */
export const wasmBytes = () => memory?.buffer.byteLength ?? 0;
