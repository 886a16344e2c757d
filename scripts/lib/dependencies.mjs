/**
 * What may be depended on: licences, sources and kinds. Crates are held to `deny.toml` by cargo-deny, npm packages to
 * the same licences here. Known vulnerabilities need databases: each is asked where it can be reached, and a run says
 * when it could not.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed } from './failure.mjs';
import { say, step } from './log.mjs';
import { root } from './project.mjs';
import { run } from './run.mjs';
import { ensureDeny, testToolsPath } from './test-tools.mjs';

/** Licences that ask for nothing but that they are passed on: those of crates count for packages too. */
const LICENCES = new Set(licencesIn(readFileSync(join(root, 'deny.toml'), 'utf8')));

/** Those of tools that are used here and never passed on. */
const LICENCES_OF_TOOLS = new Set([...LICENCES, 'MPL-2.0']);

/** How long the database of RustSec may take to come. */
const ADVISORIES_LIMIT_MS = 60_000;

/**
 * The licences that a `deny.toml` allows.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function licencesIn(text) {
  const list = /^\[licenses\][^[]*?^allow = \[([^\]]*)\]/ms.exec(text)?.[1] ?? '';
  const found = [...list.matchAll(/"([^"]+)"/g)].map(([, licence]) => String(licence));
  if (found.length === 0) throw new Error('deny.toml has no [licenses] with an "allow" of licences');
  return found;
}

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
 * @typedef {{ link?: boolean, dev?: boolean, license?: string, integrity?: string, resolved?: string }} NodePackage
 */

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

/** Every crate may be depended on, and none is known to be vulnerable, as far as that can be asked. */
export async function checkCrates() {
  await ensureDeny();
  await step('crates that may be depended on', () => deny(['licenses', 'bans', 'sources']));
  await step('vulnerabilities of crates', askAdvisories, {
    note: (wasAsked) => (wasAsked ? 'none known' : 'not asked: the database of RustSec cannot be reached'),
  });
}

/** @returns {Promise<boolean>} whether the database could be asked; it fails when the database knows of something */
async function askAdvisories() {
  try {
    await deny(['advisories'], ADVISORIES_LIMIT_MS);
    return true;
  } catch (error) {
    if (error instanceof CommandFailed && isUnasked(error)) return false;
    throw error;
  }
}

/**
 * @param {readonly string[]} checks
 * @param {number} [limitMs]
 */
const deny = (checks, limitMs) =>
  run(join(testToolsPath, 'cargo-deny'), ['--color', 'never', 'check', ...checks], {
    log: `deny-${checks[0]}`,
    ...(limitMs ? { limitMs } : {}),
  });

/**
 * Whether cargo-deny failed for want of the database, and not because of what is in it.
 *
 * @param {{ message: string, output: string }} failure
 * @returns {boolean}
 */
export const isUnasked = ({ message, output }) =>
  message.includes('was stopped at its limit') || /failed to \w+ advisory database/.test(output);

/** Every npm package may be depended on, and none is known to be vulnerable, as far as that can be asked. */
export const checkNodePackages = () =>
  step('npm packages that may be depended on', async () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const known = vulnerable(await audit());
    if (!known) say('  npm audit skipped: the registry that is set cannot be asked about vulnerabilities');
    const faults = [...faultsOfNodePackages(lock.packages), ...(known ?? [])];
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
