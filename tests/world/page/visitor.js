/**
 * The page of a visitor: subscribes in both of the SDK's ways and writes down, in order, all that it is told.
 *
 * @module
 */

/**
 * What a visitor was told: its kind, and what came with it.
 *
 * @typedef {[kind: 'connected' | 'disconnected']
 *   | [kind: 'error', error: { code: number, recoverable: boolean, isSynced: boolean | undefined, message: string }]
 *   | [kind: 'live', isSynced: boolean]
 *   | [kind: 'interrupted', error: { code: string, recoverable: boolean, message: string }]
 *   | [kind: 'message', payload: any]
 *   | [kind: 'page', event: string]} Told
 *
 * @typedef {object} Visit
 * @property {Told[]} told to the handlers of the connection and to those of `subscriber`
 * @property {any[]} plain payloads that came to a handler of `subscribe`
 * @property {boolean} isReady both subscriptions are live for the first time
 * @property {number} tokens how often `getToken` was asked
 */

/** What happens to the page itself. */
const PAGE_EVENTS = ['pagehide', 'pageshow', 'freeze', 'resume', 'visibilitychange', 'online', 'offline'];

/** @type {Map<string, Visit>} */
const visits = new Map();

Object.assign(globalThis, {
  world: {
    enter,
    /** @param {string} name */
    visit: (name) => visits.get(name),
  },
});

/**
 * Starts a visit by a copy of the SDK of its own, as if the page had just been loaded.
 *
 * @param {{ name: string, sdk: string, url: string, channel: object, tokenUrl?: string }} options
 */
export async function enter({ name, sdk, url, channel, tokenUrl }) {
  /** @type {Visit} */
  const visit = { told: [], plain: [], isReady: false, tokens: 0 };
  visits.set(name, visit);
  /** @type {(...told: Told) => void} */
  const note = (...told) => void visit.told.push(told);
  for (const event of PAGE_EVENTS) {
    // The capturing listener of the window hears those of the document too, before the SDK does.
    addEventListener(event, (happened) => note('page', describe(happened)), { capture: true });
  }
  const realtime = await import(sdk);
  realtime.configure({ url });
  if (tokenUrl) {
    realtime.configure({
      async getToken() {
        visit.tokens += 1;
        return (await fetch(tokenUrl)).text();
      },
    });
  }
  realtime.onConnected(() => note('connected'));
  realtime.onDisconnected(() => note('disconnected'));
  realtime.onError((/** @type {any} */ { errorCode: code, recoverable, isSynced, message }) =>
    note('error', { code, recoverable, isSynced, message }),
  );
  realtime.subscriber.subscribe(channel, (/** @type {any} */ { payload }) => note('message', payload), {
    onSubscribed: (/** @type {string} */ _id, /** @type {boolean} */ isSynced) => note('live', isSynced),
    onSubscriptionError: (/** @type {any} */ { errorCode: code, recoverable, message }) =>
      note('interrupted', { code, recoverable, message }),
  });
  await realtime.subscribe(channel, (/** @type {any} */ { payload }) => void visit.plain.push(payload));
  visit.isReady = true;
}

/** @param {Event} event */
function describe(event) {
  if (event.type === 'visibilitychange') return document.visibilityState;
  return 'persisted' in event && event.persisted ? `${event.type} persisted` : event.type;
}
