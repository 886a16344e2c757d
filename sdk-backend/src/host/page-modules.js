/**
 * The modules that pages load from the host instead of from a file.
 *
 * @module
 */

import * as sdk from '../index.js';
import { OWN_PATH, withoutJs } from './import-map.js';

/**
 * Stands in for a web module: the same names, each a function that asks the host to call the real one.
 *
 * @param {string} file below backend/
 * @param {Iterable<string>} names of the exported functions
 */
export function webModuleSource(file, names) {
  const path = JSON.stringify(withoutJs(file));
  const methods = [...names].map((name, index) => {
    const quoted = JSON.stringify(name);
    // A string is a legal export name, so no name needs special care.
    return `const method${index} = (...args) => call(${path}, ${quoted}, args);\nexport { method${index} as ${quoted} };`;
  });
  return [`import { call } from '${OWN_PATH}call.js';`, ...methods, ''].join('\n');
}

/** Calls a web method. What it throws on the server rejects here, with its message only. */
export const CALL_SOURCE = `export async function call(path, name, args) {
  const address = \`${OWN_PATH}backend/\${path.split('/').map(encodeURIComponent).join('/')}/\${encodeURIComponent(name)}\`;
  while (args.length > 0 && args.at(-1) === undefined) args.pop();
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ args }),
  }).catch((cause) => {
    throw new Error(\`cannot reach the backend to call \${name} of backend/\${path}\`, { cause });
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.detail ?? \`the backend answered \${response.status}\`);
  return answer.result;
}
`;

/** Gives the SDK the identity of the browser's session, so that page code need not know of it. */
export const SETUP_SOURCE = `import { configure } from 'wix-realtime-frontend';

configure({
  async getToken() {
    const response = await fetch('${OWN_PATH}token');
    if (!response.ok) throw new Error(\`the backend gave no token: \${response.status}\`);
    return (await response.json()).token;
  },
});
`;

/** What a page gets that imports the backend package. */
export const SERVER_ONLY_SOURCE = `function refuse(name) {
  return () => {
    throw new Error(
      \`\${name} of wix-realtime-backend works on the server only: \` +
        'call it in a function that backend/NAME.web.js exports, and import that function from \\'backend/NAME.web\\'',
    );
  };
}
${stubs(sdk)}
`;

/**
 * The same names as a module exports, each of which refuses.
 *
 * @param {Record<string, unknown>} exports
 */
function stubs({ default: _, ...named }) {
  const names = Object.keys(named);
  const lines = names.map((name) => `export const ${name} = ${stub(name, named[name])};`);
  return `${lines.join('\n')}\nexport default { ${names.join(', ')} };`;
}

/**
 * @param {string} name
 * @param {unknown} value a function, or an object of functions and the like
 * @returns {string}
 */
function stub(name, value) {
  if (typeof value !== 'object' || value === null) return `refuse('${name}')`;
  const members = Object.entries(value).map(([key, member]) => `${key}: ${stub(`${name}.${key}`, member)}`);
  return `{ ${members.join(', ')} }`;
}
