/**
 * The clients that are measured: each subscribes to the one channel and hands payloads over, in the way that its
 * documentation shows.
 *
 * @module
 */

/**
 * @typedef {object} Client
 * @property {'relay' | 'centrifuge' | 'pusher'} dialect that its server speaks
 * @property {string} [path] of its connection, where another client of the page speaks the same dialect
 * @property {(handler: (payload: any) => void) => Promise<unknown>} subscribe resolves when it is subscribed
 */

const CHANNEL = 'bench';
const { host, hostname, port, origin } = location;

/** Where a client has a connection of its own, in the relay's dialect. @param {string} name */
const relayPath = (name) => `/${name}/v1/realtime`;

/**
 * A module that only a bundle provides.
 *
 * @param {string} path
 * @returns {Promise<any>}
 */
const load = (path) => import(path);

/** @type {Client} */
const relay = {
  dialect: 'relay',
  async subscribe(handler) {
    const { configure, subscribe } = await load('/clients/relay.js');
    configure({ url: origin });
    return subscribe({ name: CHANNEL }, (/** @type {any} */ { payload }) => handler(payload));
  },
};

/** @type {Client} */
const centrifuge = {
  dialect: 'centrifuge',
  async subscribe(handler) {
    const { Centrifuge } = await load('/clients/centrifuge.js');
    const client = new Centrifuge(`ws://${host}/connection/websocket`);
    const subscription = client.newSubscription(CHANNEL);
    subscription.on('publication', (/** @type {any} */ { data }) => handler(data));
    const subscribed = new Promise((resolve) => subscription.on('subscribed', resolve));
    subscription.subscribe();
    client.connect();
    return subscribed;
  },
};

/** @type {Client} */
const pusher = {
  dialect: 'pusher',
  async subscribe(handler) {
    const { Pusher } = await load('/clients/pusher.js');
    const client = new Pusher('key', {
      cluster: '',
      wsHost: hostname,
      wsPort: Number(port),
      forceTLS: false,
      enabledTransports: ['ws'],
    });
    const channel = client.subscribe(CHANNEL);
    channel.bind('m', handler);
    return new Promise((resolve) => channel.bind('pusher:subscription_succeeded', resolve));
  },
};

/** The least that a page can do by itself: no state, no reconnection. @type {Client} */
const plain = {
  dialect: 'relay',
  path: relayPath('plain'),
  subscribe(handler) {
    const socket = new WebSocket(`ws://${host}${relayPath('plain')}`, 'realtime.v1.json');
    socket.onopen = () => {
      socket.send('{"type":"hello"}');
      socket.send(`{"type":"subscribe","id":1,"channel":{"name":"${CHANNEL}"}}`);
    };
    return new Promise((resolve) => {
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data);
        if (!Array.isArray(frame)) return frame.type === 'subscribed' && resolve(frame);
        for (const message of frame) handler(message[2]);
      };
    });
  },
};

/**
 * The least that wasm can do, by one of its two ways over the border.
 *
 * @param {'by_events' | 'by_stream'} way
 * @returns {Client}
 */
const border = (way) => ({
  dialect: 'relay',
  path: relayPath(way),
  async subscribe(handler) {
    const glue = await load('/border/realtime_bench_border.js');
    const { instance } = await WebAssembly.instantiateStreaming(
      fetch('/border/realtime_bench_border_bg.wasm'),
      glue.imports(),
    );
    glue.begin(instance);
    return new Promise((resolve) => {
      glue[way](
        `ws://${host}${relayPath(way)}`,
        handler,
        (/** @type {any} */ frame) => frame.type === 'subscribed' && resolve(frame),
      );
    });
  },
});

/** @type {Record<string, Client>} */
export const CLIENTS = {
  relay,
  centrifuge,
  pusher,
  plain,
  events: border('by_events'),
  stream: border('by_stream'),
};
