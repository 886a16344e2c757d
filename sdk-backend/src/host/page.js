/**
 * What the host adds to the HTML pages of a site, and the policy under which browsers run them.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { OWN_PATH } from './import-map.js';

/** @typedef {{ importMap: import('./import-map.js').ImportMap, relayUrl: string, hasSetup: boolean }} PageSetup */

/** A directive a line, with places for the hashes of a page's own scripts and for the relay's address. */
const DIRECTIVES = readFileSync(new URL('page-policy.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');

const SCRIPT = /<script\b([^>]*)>([\s\S]*?)<\/script\s*>/gi;

/**
 * The page with the import map, the relay's address and the session's set-up at the start of its head.
 *
 * @param {string} html
 * @param {PageSetup} setup
 * @returns {import('../replies.js').Reply}
 */
export function pageReply(html, setup) {
  const body = addToHead(html, headOf(setup));
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'content-security-policy': policyFor(body, setup.relayUrl),
  };
  return { status: 200, headers, body };
}

/** @param {PageSetup} setup */
function headOf({ importMap, relayUrl, hasSetup }) {
  const json = JSON.stringify(importMap).replaceAll('<', '\\u003c');
  const address = relayUrl.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  const setup = hasSetup ? `\n<script type="module" src="${OWN_PATH}setup.js"></script>` : '';
  return `\n<meta name="realtime-relay" content="${address}">\n<script type="importmap">${json}</script>${setup}\n`;
}

/**
 * @param {string} html
 * @param {string} addition
 */
function addToHead(html, addition) {
  const opening = [/<head(\s[^>]*)?>/i, /<html(\s[^>]*)?>/i, /<!doctype[^>]*>/i];
  for (const tag of opening) {
    const match = tag.exec(html);
    if (!match) continue;
    const end = match.index + match[0].length;
    return html.slice(0, end) + addition + html.slice(end);
  }
  return addition + html;
}

/**
 * Scripts come from this site or stand in the page's own file, which their hashes say; so a script that somebody's
 * message brought into the page does not run.
 *
 * @param {string} html as it is sent
 * @param {string} relayUrl
 */
function policyFor(html, relayUrl) {
  const { origin } = new URL(relayUrl);
  const hashes = [...inlineScriptHashes(html)].join(' ');
  const relay = `${origin} ${origin.replace(/^http/, 'ws')}`;
  const filled = DIRECTIVES.map((line) =>
    line.replace('{scripts}', hashes).replace('{relay}', relay).trimEnd(),
  );
  return filled.join('; ');
}

/**
 * @param {string} html
 * @returns {Set<string>}
 */
function inlineScriptHashes(html) {
  const hashes = new Set();
  for (const [, attributes = '', text = ''] of html.matchAll(SCRIPT)) {
    if (/\ssrc\s*=/i.test(attributes)) continue;
    // Browsers hash the text as their parser sees it, with every line end a line feed.
    const parsed = text.replace(/\r\n?/g, '\n');
    hashes.add(`'sha256-${createHash('sha256').update(parsed).digest('base64')}'`);
  }
  return hashes;
}
