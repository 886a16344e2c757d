/** What one writes oneself with Node and ws: a set of sockets for each channel, and a loop that sends to them. */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/** @type {Map<string, Set<import('ws').WebSocket>>} */
const channels = new Map();

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (part) => {
    body += part;
  });
  request.on('end', () => {
    for (const line of body.split('\n')) publish(line);
    response.end('ok');
  });
});

/** @param {string} line a channel, a tab, a message */
function publish(line) {
  const tab = line.indexOf('\t');
  const message = line.slice(tab + 1);
  for (const socket of channels.get(line.slice(0, tab)) ?? []) socket.send(message);
}

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  socket.on('message', (data) => {
    const channel = String(data);
    const readers = channels.get(channel) ?? new Set();
    channels.set(channel, readers.add(socket));
    socket.on('close', () => readers.delete(socket));
    socket.send('subscribed');
  });
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  console.log(`listening on http://127.0.0.1:${port}`);
});
process.on('SIGTERM', () => process.exit(0));
