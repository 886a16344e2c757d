/**
 * A CommonJS module, for which the packages are an `import()` away.
 */
async function listen(): Promise<string> {
  const { subscribe } = await import('wix-realtime-frontend');
  const { publish } = await import('wix-realtime-backend');
  await publish({ name: 'chat' }, { text: 'Hello!' });
  // @ts-expect-error a channel is an object
  await subscribe('chat', () => {});
  return subscribe<{ text: string }>({ name: 'chat' }, ({ payload }) => console.log(payload.text));
}

module.exports = { listen };
