/** Bun's own WebSocket server with its native publish: subscribers name a channel, publishers post lines. */
// biome-ignore lint/correctness/noUndeclaredVariables: it runs under Bun, whose global this is.
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request, server) {
    if (request.method === 'POST') {
      for (const line of (await request.text()).split('\n')) {
        const tab = line.indexOf('\t');
        server.publish(line.slice(0, tab), line.slice(tab + 1));
      }
      return new Response('ok');
    }
    if (!server.upgrade(request)) return new Response('no WebSocket', { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    message(socket, channel) {
      socket.subscribe(channel);
      socket.send('subscribed');
    },
  },
});
console.log(`listening on http://127.0.0.1:${server.port}`);
process.on('SIGTERM', () => process.exit(0));
