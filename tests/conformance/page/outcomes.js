/**
 * What calls throw and reject with.
 *
 * @module
 */

/**
 * What a promise rejects with.
 *
 * @param {Promise<unknown>} promise
 * @returns {Promise<any>}
 */
export async function rejection(promise) {
  let value;
  try {
    value = await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error(`it has not rejected but resolved to ${JSON.stringify(value)}`);
}

/**
 * What a call throws before it returns.
 *
 * @param {() => unknown} call
 * @returns {any}
 */
export function thrownBy(call) {
  let value;
  try {
    value = call();
  } catch (thrown) {
    return thrown;
  }
  throw new Error(`it has not thrown but returned ${JSON.stringify(value)}`);
}
