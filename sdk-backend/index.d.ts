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

/** The newer surface's part for a site's own backend: the router, and `publish` as it was named there before. */
export const site: {
  permissionsRouter: PermissionsRouter;
  /** @deprecated in the newer surface, where `publisher.publish` stands for it. */
  publish: typeof publish;
};

export interface PermissionsEndpointOptions {
  /**
   * The hook, `realtime_check_permission`. Without one, the handler that was given to
   * `realtimePermissionsProvider.provideHandlers` decides, else the permissions router of this process.
   */
  check?: PermissionsHandler | undefined;
  /** The secret shared with the relay, or several, any of which will do; else RELAY_PERMISSIONS_SECRET. */
  secret?: string | readonly string[] | undefined;
  /** Without a secret: answers whoever asks. Only for an address that nobody but the relay can reach. */
  unsigned?: boolean | undefined;
  /** How long a handler may take: 5000 by default. The relay gives up after its own `--permissions-timeout-ms`. */
  timeoutMs?: number | undefined;
  /** Is told, at most ten lines a second, which handlers fail and why; console.error by default. */
  log?: ((line: string) => void) | undefined;
}

/** Handlers for `POST …/v1/check-subscriber-permissions`. They never reject and do not depend on `this`. */
export interface PermissionsEndpoint {
  /** For Node's `http.createServer`. Other addresses are answered with 404. */
  node(request: object, response: object): Promise<void>;
  /** For Express and what is like it, behind `express.json()` or not. Other addresses are left to `next`. */
  express(request: object, response: object, next?: (error?: any) => void): Promise<void>;
  /** For servers that turn a Request into a Response. Other addresses are answered with 404. */
  fetch(request: Request): Promise<Response>;
}

/**
 * Answers the questions of a relay that was started with `--permissions-url`. Throws a {@link RealtimeError}, code 3,
 * when there is no secret to know the relay by.
 */
export function permissionsEndpoint(options?: PermissionsEndpointOptions): PermissionsEndpoint;

export interface RecheckOptions {
  /** The subscriptions of this channel and its resources, or of this resource. */
  channel?: Channel | null | undefined;
  /** The subscriptions of this user. */
  user?: string | null | undefined;
}

/**
 * Has the relay ask again about running subscriptions, and end those that are no longer allowed; about all when nothing
 * narrows it down. Resolves once the relay has taken it on, to how many there are. Rejects as `publish` does.
 */
export function recheckPermissions(options?: RecheckOptions | null): Promise<{ subscriptions: number }>;

export interface DisconnectOptions {
  /** Whether the pages come back at once, saying anew who they are. They stay away otherwise. */
  comeBack?: boolean | null | undefined;
  /** At most 100 characters, shown to the pages. */
  reason?: string | null | undefined;
}

/** Ends a user's connections. Resolves to how many there were. Rejects as `publish` does. */
export function disconnect(userId: string, options?: DisconnectOptions | null): Promise<{ sessions: number }>;

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
  disconnect: typeof disconnect;
  permissionsEndpoint: typeof permissionsEndpoint;
  permissionsRouter: typeof permissionsRouter;
  publish: typeof publish;
  publisher: typeof publisher;
  recheckPermissions: typeof recheckPermissions;
  runAs: typeof runAs;
  site: typeof site;
  verifySessionToken: typeof verifySessionToken;
}>;
export default sdk;
