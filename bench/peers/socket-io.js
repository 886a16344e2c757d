/** Socket.IO with a room for each channel, WebSocket only; publishers post lines to the same port. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const server = createServer();
const io = new Server(server, { transports: ['websocket'], serveClient: false, perMessageDeflate: false });

server.on('request', (request, response) => {
  if (request.method !== 'POST') return;
  let body = '';
  request.setEncoding('utf8').on('data', (part) => {
    body += part;
  });
  request.on('end', () => {
    for (const line of body.split('\n')) publish(line);
    response.end('ok');
  });
});

/** @param {string} line a channel, a tab, a message in JSON */
function publish(line) {
  const tab = line.indexOf('\t');
  io.to(line.slice(0, tab)).emit('m', JSON.parse(line.slice(tab + 1)));
}

io.on('connection', (socket) => {
  socket.on('subscribe', async (channel) => {
    await socket.join(channel);
    socket.emit('subscribed');
  });
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  console.log(`listening on http://127.0.0.1:${port}`);
});
process.on('SIGTERM', () => process.exit(0));
