/**
 * The names of the tests in a file, whatever language it is in: what the table of rules is held to.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { parseAst } from 'rolldown/parseAst';

/** What declares a test, or a group of tests, which a loop may make. */
const DECLARING = ['it', 'test', 'describe'];

/** A function with a test attribute, whichever of the many, and whatever other attributes stand between. */
const RUST_TEST = /#\[(?:\w+::)?(?:wasm_bindgen_)?test[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:async\s+)?fn\s+(\w+)/g;

/**
 * @param {string} file a file of JavaScript or Rust
 * @param {readonly string[]} [declaring] the functions that declare what is looked for, in JavaScript
 * @returns {string[]} in the file's order
 */
export function testNamesIn(file, declaring = DECLARING) {
  const source = readFileSync(file, 'utf8');
  if (file.endsWith('.rs')) return [...source.matchAll(RUST_TEST)].map(([, name = '']) => name);
  /** @type {string[]} */
  const names = [];
  visit(parseAst(source), (node) => {
    if (node.type !== 'CallExpression' || !declaring.includes(node.callee?.name)) return;
    const [title] = node.arguments;
    if (typeof title?.value === 'string') names.push(title.value);
  });
  return names;
}

/**
 * Calls `look` for every node of a syntax tree (https://github.com/estree/estree).
 *
 * @param {unknown} tree
 * @param {(node: any) => void} look
 */
function visit(tree, look) {
  if (typeof tree !== 'object' || tree === null) return;
  if ('type' in tree) look(tree);
  for (const child of Object.values(tree)) visit(child, look);
}
