/**
 * The permissions router: which handler decides who may read a channel.
 *
 * One file on purpose, and plain ECMAScript: no imports, no Node, no web API. The npm package runs it under Node
 * and the relay runs the very same text in its own engine, so both resolve alike.
 *
 * A channel's handler is looked up in this order: the one added for exactly this channel or resource; for a
 * resource without one, its channel's; the default; and with none of these, everyone may read.
 *
 * @module
 */

/**
 * @typedef {{ name: string, resourceId?: string | undefined }} Channel
 * @typedef {{ id: string, type: 'Admin' | 'Member' | 'Visitor' }} Subscriber
 * @typedef {{ read?: boolean }} ChannelPermissions
 * @typedef {(channel: Channel, subscriber: Subscriber) => ChannelPermissions | Promise<ChannelPermissions>} PermissionsHandler
 * @typedef {'exact' | 'parent' | 'default' | 'none'} DecidedBy
 * @typedef {{ handler: PermissionsHandler | undefined, decidedBy: DecidedBy }} Resolution
 */

/** The names that a channel can have; a handler for any other name would never be asked. */
const CHANNEL_NAME = /^[A-Za-z0-9_-]{1,140}$/;

/**
 * A router without handlers. Its functions do not depend on `this`.
 *
 * @returns {{
 *   add(channel: Channel, handler: PermissionsHandler): void,
 *   default(handler: PermissionsHandler): void,
 *   check(channel: Channel, subscriber: Subscriber): Promise<ChannelPermissions>,
 *   resolve(channel: Channel): Resolution,
 * }}
 */
export function createPermissionsRouter() {
  /** @type {Map<string, PermissionsHandler>} */
  const handlers = new Map();
  /** @type {PermissionsHandler | undefined} */
  let defaultHandler;

  /**
   * Lets `handler` decide about exactly this channel or resource; a channel's handler also decides about those of
   * its resources that have none. Added twice, the last one stands. Throws a TypeError for anything that is not a
   * channel or not a function.
   *
   * @param {Channel} channel
   * @param {PermissionsHandler} handler
   */
  function add(channel, handler) {
    const where = 'permissionsRouter.add(channel, handler)';
    const { name, resourceId } = readChannel(channel, where);
    if (!CHANNEL_NAME.test(name)) {
      throw new TypeError(
        `${where}: no channel can be named ${quote(name)}; ` +
          'a name is 1 to 140 of the characters A-Z, a-z, 0-9, "_" and "-"',
      );
    }
    requireFunction(handler, where);
    handlers.set(keyOf(name, resourceId), handler);
  }

  /**
   * Lets `handler` decide about every channel that no added handler covers. Set twice, the last one stands.
   *
   * @param {PermissionsHandler} handler
   */
  function setDefault(handler) {
    requireFunction(handler, 'permissionsRouter.default(handler)');
    defaultHandler = handler;
  }

  /**
   * Which handler decides about this channel, and why it is that one. `decidedBy` is `'none'`, without a handler,
   * when everyone may read.
   *
   * @param {Channel} channel
   * @returns {Resolution}
   */
  function resolve(channel) {
    const { name, resourceId } = readChannel(channel, 'permissionsRouter.check(channel, subscriber)');
    const exact = handlers.get(keyOf(name, resourceId));
    if (exact) return { handler: exact, decidedBy: 'exact' };
    const parent = resourceId === '' ? undefined : handlers.get(keyOf(name, ''));
    if (parent) return { handler: parent, decidedBy: 'parent' };
    if (defaultHandler) return { handler: defaultHandler, decidedBy: 'default' };
    return { handler: undefined, decidedBy: 'none' };
  }

  /**
   * What `subscriber` may do on `channel`: the answer of the handler that decides, which is called with the channel
   * that was asked for, resource included. Rejects with what the handler threw, and with a TypeError when it
   * answered anything but an object: whoever asks must take a rejection for a refusal.
   *
   * @param {Channel} channel
   * @param {Subscriber} subscriber
   * @returns {Promise<ChannelPermissions>}
   */
  async function check(channel, subscriber) {
    const { handler, decidedBy } = resolve(channel);
    if (!handler) return { read: true };
    const permissions = await handler(channel, subscriber);
    if (typeof permissions !== 'object' || permissions === null || Array.isArray(permissions)) {
      throw new TypeError(
        `the ${describe(decidedBy)} permissions handler for channel ${quote(channel.name)} must return an object ` +
          `such as { read: true }, not ${nameOf(permissions)}`,
      );
    }
    return permissions;
  }

  return { add, default: setDefault, check, resolve };
}

/**
 * A channel and one of its resources; the name cannot contain the separator, so no two of them share a key.
 *
 * @param {string} name
 * @param {string} resourceId empty for the channel itself
 */
function keyOf(name, resourceId) {
  return resourceId === '' ? name : `${name}/${resourceId}`;
}

/**
 * @param {unknown} channel
 * @param {string} where
 * @returns {{ name: string, resourceId: string }}
 */
function readChannel(channel, where) {
  if (typeof channel === 'string') {
    throw new TypeError(
      `${where}: a channel is an object, not a string; did you mean { name: ${quote(channel)} }?`,
    );
  }
  if (typeof channel !== 'object' || channel === null) {
    throw new TypeError(`${where}: a channel is an object such as { name: "chat" }, not ${nameOf(channel)}`);
  }
  const { name, resourceId } = /** @type {{ name?: unknown, resourceId?: unknown }} */ (channel);
  if (typeof name !== 'string') {
    throw new TypeError(`${where}: a channel's name is a string, not ${nameOf(name)}`);
  }
  if (resourceId === undefined || resourceId === null) return { name, resourceId: '' };
  if (typeof resourceId !== 'string') {
    throw new TypeError(`${where}: a resourceId is a string, not ${nameOf(resourceId)}`);
  }
  return { name, resourceId };
}

/**
 * @param {unknown} handler
 * @param {string} where
 */
function requireFunction(handler, where) {
  if (typeof handler !== 'function') {
    throw new TypeError(`${where}: the handler is a function, not ${nameOf(handler)}`);
  }
}

/** @param {DecidedBy} decidedBy */
function describe(decidedBy) {
  return decidedBy === 'parent' ? "parent channel's" : decidedBy;
}

/** @param {unknown} value */
function nameOf(value) {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** @param {string} text */
function quote(text) {
  return JSON.stringify(text);
}
