/**
 * Frames of a server (RFC 6455 section 5), made before anybody waits for them: a stub must never be what limits.
 *
 * @module
 */
import { DIALECTS, payloadOf } from './dialects.mjs';

/** A socket is given so many bytes at once. */
const CHUNK_BYTES = 64 * 1024;

/**
 * All messages as bytes for a socket.
 *
 * @param {keyof typeof DIALECTS} name of a dialect
 * @param {{ first: number, count: number, together: number }} messages from which number on, how many, and how many of
 *   them in a frame
 * @returns {Buffer[]} in pieces that a socket takes well
 */
export function framesOf(name, { first, count, together }) {
  const dialect = DIALECTS[name];
  const pieces = [];
  /** @type {Buffer[]} */
  let piece = [];
  let bytes = 0;
  for (let number = first; number < first + count; number += together) {
    const messages = Array.from({ length: Math.min(together, first + count - number) }, (_, index) =>
      dialect.message(payloadOf(number + index), number + index),
    );
    const frame = textFrame(dialect.join(messages));
    piece.push(frame);
    bytes += frame.length;
    if (bytes < CHUNK_BYTES) continue;
    pieces.push(Buffer.concat(piece));
    [piece, bytes] = [[], 0];
  }
  pieces.push(Buffer.concat(piece));
  return pieces;
}

/**
 * A text message in one frame.
 *
 * @param {string} text
 */
export function textFrame(text) {
  const body = Buffer.from(text);
  const isShort = body.length < 126;
  const isLong = body.length > 0xffff;
  const head = Buffer.alloc(isShort ? 2 : isLong ? 10 : 4);
  head[0] = 0x81;
  head[1] = isShort ? body.length : isLong ? 127 : 126;
  if (isLong) head.writeBigUInt64BE(BigInt(body.length), 2);
  else if (!isShort) head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}
