/**
 * Makes what pages download of the npm package: one file of the modules in `npm/`, the glue of the wasm and the wasm
 * itself. Runs before `npm pack`; the wasm must have been built.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deflateAsync } from '@gfx/zopfli';
import { rolldown } from 'rolldown';

/** @param {string} path in the package */
const inPackage = (path) => fileURLToPath(new URL(`npm/${path}`, import.meta.url));

for (const file of ['wasm/wix_realtime_frontend.js', 'wasm/wix_realtime_frontend_bg.wasm']) {
  if (!existsSync(inPackage(file))) {
    throw new Error(
      `${inPackage(file)} is missing: build it first, with "npm run build" in the repository's root`,
    );
  }
}

/** As many tries to find a shorter form; more find nothing. They take a second, and a twentieth of the bytes. */
const ZOPFLI_ROUNDS = 30;

/** Stands for the wasm while the modules are bundled; nothing else looks like it. */
const PLACEHOLDER = 'globalThis.__packedWasm';

const packedWasm = {
  name: 'packed-wasm',
  /** @param {string} id */
  load: (id) =>
    id === inPackage('src/packed-wasm.js')
      ? `export const packedWasm = () => ${PLACEHOLDER}, forgetPackedWasm = () => { ${PLACEHOLDER} = ''; };`
      : null,
};

const bundle = await rolldown({ input: inPackage('src/index.js'), plugins: [packedWasm] });
const { output } = await bundle.generate({ format: 'esm', minify: true, comments: false });
await bundle.close();

const [{ code }, ...more] = output;
if (more.length > 0 || code.includes('import.meta') || code.split(PLACEHOLDER).length !== 3) {
  throw new Error('the bundle is not what its package promises: one file that needs no other');
}
const wasm = readFileSync(inPackage('wasm/wix_realtime_frontend_bg.wasm'));
// Base64 of what is deflated costs no more than the wasm does, once it is sent with gzip: which compresses text better
// that has no base64 in its middle.
const deflated = await deflateAsync(wasm, { numiterations: ZOPFLI_ROUNDS });
const packed = `let packedWasm="${Buffer.from(deflated).toString('base64')}";`;
mkdirSync(inPackage('dist'), { recursive: true });
writeFileSync(inPackage('dist/index.js'), packed + code.replaceAll(PLACEHOLDER, 'packedWasm'));
// The second entry is a part of the first: whoever imports both has one client.
writeFileSync(inPackage('dist/subscriber.js'), "export{RealtimeError,subscriber}from'./index.js';\n");
