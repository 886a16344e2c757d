/// <reference path="./wix-web-module.d.ts" />

/** A channel, or one of its resources. Each is a stream of its own. */
export interface Channel {
  /** 1 to 140 of the characters A-Z, a-z, 0-9, "_" and "-". */
  name: string;
  /** 1 to 1000 characters without control characters. Empty or missing: the channel itself. */
  resourceId?: string | undefined;
}

export type IdentityType = 'Admin' | 'Member' | 'Visitor';

/** Who a browser's session belongs to. */
export interface Identity {
  id: string;
  type: IdentityType;
}

/** Who asks to read a channel. */
export type Subscriber = Identity;

export interface ChannelPermissions {
  /** Whether the subscriber may read the channel; true when missing. */
  read?: boolean;
}

export type PermissionsHandler = (
  channel: Channel,
  subscriber: Subscriber,
) => ChannelPermissions | Promise<ChannelPermissions>;

export interface PermissionsRouter {
  /**
   * Lets `handler` decide about exactly this channel or resource; a channel's handler also decides about its
   * resources that have none. Added twice, the last one stands. Throws a TypeError on wrong arguments.
   */
  add(channel: Channel, handler: PermissionsHandler): void;
  /** Lets `handler` decide about every channel that no added handler covers. */
  default(handler: PermissionsHandler): void;
  /**
   * What `subscriber` may do on `channel`, by the handler added for exactly it, else its parent channel's, else the
   * default, else `{ read: true }`. Rejects with what the handler threw, and when it answered no object.
   */
  check(channel: Channel, subscriber: Subscriber): Promise<ChannelPermissions>;
  /** The handler that decides about `channel`, and why it is that one. */
  resolve(channel: Channel): {
    handler: PermissionsHandler | undefined;
    decidedBy: 'exact' | 'parent' | 'default' | 'none';
  };
}

export interface PublishOptions {
  /** Only these users' subscriptions receive the message. At most 1000 ids; an empty array reaches nobody. */
  users?: readonly string[] | null | undefined;
  /** Whether subscribers learn the id of the user on whose behalf the backend acts. */
  includePublisher?: boolean | null | undefined;
}

/** What the functions of this package reject with or throw. */
export interface RealtimeError extends Error {
  /** 1: the relay could not be reached or would not take the message. 3: bad input. */
  errorCode: 1 | 3;
  /** The channel as the caller wrote it. */
  channel?: unknown;
}

/**
 * Publishes `payload`, any JSON value, to a channel or one of its resources. Sending starts at once, awaited or not,
 * and calls for one channel are delivered in their order.
 *
 * Resolves when the relay has the message. Rejects with a {@link RealtimeError}: code 3 for bad input, code 1 when
 * the relay did not take the message until the deadline (30 s), after which it may still have arrived.
 */
export function publish(channel: Channel, payload: unknown, options?: PublishOptions | null): Promise<void>;

export const publisher: {
  /** As `publish`, for payloads that are objects, and without options. */
  publish(channel: Channel, payload: object): Promise<void>;
};

/** The router of this process. */
export const permissionsRouter: PermissionsRouter;

export interface RetryOptions {
  /** How long a publish may take, retries included: 30 000 by default, 240 000 at most. */
  deadlineMs?: number | undefined;
  /** Upper bound of the first pause; it doubles with each further failure. 50 by default. */
  minDelayMs?: number | undefined;
  /** Upper bound of every pause. 2000 by default. */
  maxDelayMs?: number | undefined;
}

export interface Settings {
  /** The relay's address; else RELAY_URL, else http://127.0.0.1:8787. */
  url?: string | undefined;
  /** The relay's key for publishing; else RELAY_API_KEY, else "dev" for a relay on loopback. */
  apiKey?: string | undefined;
  retry?: RetryOptions | undefined;
  /** Carries the requests instead of the global fetch. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** Sets what is given and leaves the rest as it was. */
export function configure(settings: Settings): void;

/**
 * A token that makes a browser's session that user's, once the page has handed it to the host. Signed with
 * RELAY_TOKEN_SECRET. `type` is Member when missing; `ttlSeconds` is a day when missing and a year at most.
 */
export function createSessionToken(user: {
  id: string;
  type?: IdentityType | Uppercase<IdentityType> | Lowercase<IdentityType> | undefined;
  ttlSeconds?: number | undefined;
}): string;

/** Who a session token speaks of; undefined when it is not genuine or no longer good. */
export function verifySessionToken(token: string): Identity | undefined;

/** Calls `fn` with this identity in force, for hosts of one's own; `includePublisher` sends its id. */
export function runAs<T>(identity: { id: string; type?: string | undefined }, fn: () => T): T;

/** The identity in force: the caller's inside a web method; undefined in a job that nobody's request started. */
export function currentIdentity(): Identity | undefined;

declare const sdk: Readonly<{
  configure: typeof configure;
  createSessionToken: typeof createSessionToken;
  currentIdentity: typeof currentIdentity;
  permissionsRouter: typeof permissionsRouter;
  publish: typeof publish;
  publisher: typeof publisher;
  runAs: typeof runAs;
  verifySessionToken: typeof verifySessionToken;
}>;
export default sdk;
