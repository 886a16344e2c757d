/**
 * Calls of web methods by pages.
 *
 * @module
 */

import { inspect } from 'node:util';
import { runAs } from '../identity.js';
import { jsonReply, Problem } from '../replies.js';
import { mayCall } from '../web-module.js';
import { withoutJs } from './import-map.js';
import { webModuleSource } from './page-modules.js';
import { scriptReply } from './replies.js';

/** @typedef {import('../identity.js').Identity} Identity */
/** @typedef {import('../replies.js').Reply} Reply */
/** @typedef {import('./web-modules.js').WebModule} WebModule */

export class WebMethods {
  /** By path without `.js`. @type {Map<string, WebModule>} */
  #modules;
  #log;

  /**
   * @param {readonly WebModule[]} modules
   * @param {(line: string) => void} log
   */
  constructor(modules, log) {
    this.#modules = new Map(modules.map((module) => [withoutJs(module.file), module]));
    this.#log = log;
  }

  /**
   * The generated module that stands in for a web module in pages.
   *
   * @param {string} path such as `chat.web.js`
   * @returns {Reply}
   */
  pageModule(path) {
    const module = path.endsWith('.js') ? this.#modules.get(withoutJs(path)) : undefined;
    if (!module) throw new Problem('not_found', `there is no web module backend/${path}`);
    return scriptReply(webModuleSource(module.file, module.functions.keys()));
  }

  /**
   * Calls a function with the caller's identity in force. What it throws becomes a problem with its message; the
   * stack stays here.
   *
   * @param {string} path such as `chat.web`
   * @param {string} name
   * @param {Record<string, unknown>} body
   * @param {Identity} caller
   * @returns {Promise<Reply>}
   */
  async call(path, name, { args = [] }, caller) {
    const fn = this.#modules.get(path)?.functions.get(name);
    if (!fn) throw new Problem('not_found', `backend/${path} has no function ${name}`);
    if (!Array.isArray(args)) throw new Problem('bad_input', 'args must be an array');
    if (!mayCall(fn, caller.type)) {
      throw new Problem('forbidden', `a ${caller.type} may not call ${name} of backend/${path}`);
    }
    try {
      return resultReply(await runAs(caller, () => fn(...args)));
    } catch (error) {
      this.#log(`${name} of backend/${path} failed: ${inspect(error)}`);
      return new Problem('web_method_failed', reasonFor(error)).toReply();
    }
  }
}

/** @param {unknown} result undefined is sent as no result */
function resultReply(result) {
  try {
    return jsonReply({ result });
  } catch (error) {
    const reason = reasonFor(error).replace(/\s*\n\s*/g, ' ');
    throw new TypeError(`its result cannot be sent to the page as JSON: ${reason}`, { cause: error });
  }
}

/** @param {unknown} error */
function reasonFor(error) {
  if (error instanceof Error) return error.message;
  return typeof error === 'string'
    ? error
    : `the function threw ${inspect(error, { depth: 0, breakLength: Infinity })}`;
}
