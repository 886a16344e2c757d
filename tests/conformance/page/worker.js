/**
 * A worker that subscribes, and tells its page what comes of it.
 *
 * @module
 */

self.onmessage = async ({ data: { sdk, url, channel } }) => {
  try {
    const { configure, subscribe } = await import(sdk);
    configure({ url });
    const id = await subscribe(channel, (/** @type {unknown} */ message) => self.postMessage({ message }));
    self.postMessage({ id });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
