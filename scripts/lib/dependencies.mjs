/**
 * What may be depended on: licences, sources and kinds, held to the lock files. It is what `cargo deny check licenses
 * sources bans` looks at, without another tool to compile on each new machine. Known vulnerabilities need a database:
 * npm's is asked where the registry has one; for crates see SECURITY.md.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed } from './failure.mjs';
import { say, step } from './log.mjs';
import { root } from './project.mjs';
import { run } from './run.mjs';

/** Licences that ask for nothing but that they are passed on. */
const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 WITH LLVM-exception',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BSL-1.0',
  'CDLA-Permissive-2.0',
  'ISC',
  'MIT',
  'Unicode-3.0',
  'Unlicense',
  'Zlib',
]);

/** Those of tools that are used here and never passed on. */
const LICENCES_OF_TOOLS = new Set([...LICENCES, 'MPL-2.0']);

/** Crates that bring a second TLS or a C library for it: rustls with ring is what everything uses. */
const BANNED = new Map([
  ['aws-lc-sys', 'rustls uses ring here'],
  ['native-tls', 'TLS is rustls here'],
  ['openssl-sys', 'TLS is rustls here'],
]);

/** Where a registry's crates come from, as Cargo.lock has it. */
const CRATES_IO = 'registry+https://github.com/rust-lang/crates.io-index';

/**
 * Whether an SPDX expression can be met with these licences. Cargo's older `/` means OR.
 *
 * @param {string} expression
 * @param {ReadonlySet<string>} allowed
 * @returns {boolean}
 */
export function isAllowed(expression, allowed = LICENCES) {
  const text = expression.trim();
  const parts = (/** @type {string} */ word) => splitOutside(text, word);
  for (const word of [' OR ', '/']) {
    const either = parts(word);
    if (either.length > 1) return either.some((part) => isAllowed(part, allowed));
  }
  const all = parts(' AND ');
  if (all.length > 1) return all.every((part) => isAllowed(part, allowed));
  if (text.startsWith('(') && text.endsWith(')')) return isAllowed(text.slice(1, -1), allowed);
  return allowed.has(text);
}

/**
 * @param {string} text
 * @param {string} word
 * @returns {string[]} what stands between the words that are in no parentheses
 */
function splitOutside(text, word) {
  const parts = [''];
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    if (text.charAt(at) === '(') depth += 1;
    if (text.charAt(at) === ')') depth -= 1;
    const isWord = depth === 0 && text.startsWith(word, at);
    if (isWord) parts.push('');
    else parts.push(`${parts.pop()}${text.charAt(at)}`);
    at += isWord ? word.length : 1;
  }
  return parts;
}

/**
 * @typedef {{ name: string, version: string, license: string | null, source: string | null }} Crate
 * @typedef {{ link?: boolean, dev?: boolean, license?: string, integrity?: string, resolved?: string }} NodePackage
 */

/**
 * What is wrong with crates, as sentences.
 *
 * @param {readonly Crate[]} crates of `cargo metadata`; those without a source are our own
 * @returns {string[]}
 */
export function faultsOfCrates(crates) {
  return crates
    .filter(({ source }) => source !== null)
    .flatMap(({ name, version, license, source }) => {
      const faults = [];
      if (source !== CRATES_IO) faults.push(`comes from ${source}, and not from the registry`);
      if (!isAllowed(license ?? '')) faults.push(`has the licence ${JSON.stringify(license)}`);
      if (BANNED.has(name)) faults.push(`is not to be used: ${BANNED.get(name)}`);
      return faults.map((fault) => `crate ${name} ${version} ${fault}`);
    });
}

/**
 * What is wrong with npm packages, as sentences.
 *
 * @param {Record<string, NodePackage>} packages of package-lock.json, by where they are installed
 * @returns {string[]}
 */
export function faultsOfNodePackages(packages) {
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && !link)
    .flatMap(([path, { dev, license, integrity, resolved }]) => {
      const faults = [];
      const allowed = dev ? LICENCES_OF_TOOLS : LICENCES;
      if (!isAllowed(license ?? '', allowed)) faults.push(`has the licence ${JSON.stringify(license)}`);
      if (!integrity) faults.push('has no checksum');
      if (resolved && !resolved.startsWith('https://')) faults.push(`comes from ${resolved}`);
      return faults.map((fault) => `npm package ${path} ${fault}`);
    });
}

/**
 * What npm's database knows of vulnerable packages.
 *
 * @param {string} answer of `npm audit --json`
 * @returns {string[] | undefined} the packages; nothing when the registry has no such database
 */
export function vulnerable(answer) {
  let report;
  try {
    report = JSON.parse(answer.slice(answer.indexOf('{')));
  } catch {
    return undefined;
  }
  if (!report.vulnerabilities) return undefined;
  const severe = Object.values(report.vulnerabilities).filter(({ severity }) =>
    ['high', 'critical'].includes(severity),
  );
  return severe.map(({ name, severity }) => `npm package ${name} has a vulnerability (${severity})`);
}

/** Every dependency may be depended on, and none is known to be vulnerable, as far as that can be asked. */
export const checkDependencies = () =>
  step('dependencies', async () => {
    const metadata = await run('cargo', ['metadata', '--locked', '--format-version', '1', '--quiet']);
    const crates = JSON.parse(metadata.slice(metadata.indexOf('{'))).packages;
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const known = vulnerable(await audit());
    if (!known) say('  npm audit skipped: the registry that is set cannot be asked about vulnerabilities');
    const faults = [...faultsOfCrates(crates), ...faultsOfNodePackages(lock.packages), ...(known ?? [])];
    if (faults.length > 0) throw new Error(faults.join('\n'));
  });

/** @returns {Promise<string>} what `npm audit` says, which ends with an error when it finds something */
async function audit() {
  try {
    return await run('npm', ['audit', '--json', '--fetch-retries=0'], { limitMs: 60_000 });
  } catch (error) {
    if (error instanceof CommandFailed) return error.output;
    throw error;
  }
}
