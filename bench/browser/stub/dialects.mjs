/**
 * As much of each SDK's protocol as its client needs to subscribe to one channel and to be fed with messages. What each
 * says on the wire is in its own documentation; the messages carry the least that their client takes.
 *
 * @module
 */

/** The channel that everybody subscribes to. */
export const CHANNEL = 'bench';

/** The stub is silent between two measurements, which no client may take for a lost connection. */
const PATIENCE_S = 600;

/**
 * @typedef {object} Dialect
 * @property {string} path of the WebSocket
 * @property {string} [greeting] what the server says first
 * @property {(command: any) => string[]} answer what a client's command is answered with
 * @property {(payload: string, number: number) => string} message one message; numbers count from 0
 * @property {(messages: string[]) => string} join several of them in one frame
 */

/** The relay's own. @type {Dialect} */
const relay = {
  path: '/v1/realtime',
  answer({ type, id }) {
    if (type === 'hello') return [JSON.stringify(WELCOME)];
    if (type !== 'subscribe') return [];
    return [JSON.stringify({ type: 'subscribed', id, number: 7, position: { epoch: 'e1', offset: 1 } })];
  },
  message: (payload, number) => `[7,${number + 2},${payload}]`,
  join: (messages) => `[${messages.join(',')}]`,
};

const WELCOME = {
  type: 'welcome',
  session: 's-1',
  subscriber: { id: 'visitor-1', type: 'Visitor' },
  visitorToken: 'a.visitors.token',
  heartbeat: { intervalMs: PATIENCE_S * 1_000, timeoutMs: 10_000 },
};

/** Centrifugo's, as JSON: replies and pushes of one frame stand on lines of their own. @type {Dialect} */
const centrifuge = {
  path: '/connection/websocket',
  answer({ id, connect, subscribe }) {
    if (connect)
      return [JSON.stringify({ id, connect: { client: 'c1', version: 'stub', ping: PATIENCE_S } })];
    return subscribe ? [JSON.stringify({ id, subscribe: {} })] : [];
  },
  message: (payload) => `{"push":{"channel":"${CHANNEL}","pub":{"data":${payload}}}}`,
  join: (messages) => messages.join('\n'),
};

/** Pusher's: a frame holds one event, whose data is text. @type {Dialect} */
const pusher = {
  path: '/app/key',
  greeting: JSON.stringify({
    event: 'pusher:connection_established',
    data: JSON.stringify({ socket_id: '1.1', activity_timeout: PATIENCE_S }),
  }),
  answer({ event }) {
    if (event !== 'pusher:subscribe') return [];
    return [
      JSON.stringify({ event: 'pusher_internal:subscription_succeeded', channel: CHANNEL, data: '{}' }),
    ];
  },
  message: (payload) => `{"event":"m","channel":"${CHANNEL}","data":${JSON.stringify(payload)}}`,
  join(messages) {
    if (messages.length === 1) return messages[0] ?? '';
    throw new Error("Pusher's protocol has no frames with several messages");
  },
};

export const DIALECTS = { relay, centrifuge, pusher };

/**
 * The payload of a message: small, and told from every other by its number.
 *
 * @param {number} number
 */
export const payloadOf = (number) => `{"n":${number},"text":"one of many small messages"}`;
