/**
 * Makes what pages download of the npm package: one small file of the modules in `npm/` and the glue of the wasm.
 * Runs before `npm pack`; the wasm must have been built.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
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

const bundle = await rolldown({ input: inPackage('src/index.js') });
const { output } = await bundle.generate({ format: 'esm', minify: true });
await bundle.close();

// Bundlers look for exactly this form. The address is right for the source's folder and for the result's.
const address = /new URL\(`(\.\.\/wasm\/[^`]+)`,import\.meta\.url\)/;
const [{ code }, ...more] = output;
if (more.length > 0 || !address.test(code)) throw new Error('the bundle is not what its package promises');
mkdirSync(inPackage('dist'), { recursive: true });
writeFileSync(inPackage('dist/index.js'), code.replace(address, "new URL('$1',import.meta.url)"));
