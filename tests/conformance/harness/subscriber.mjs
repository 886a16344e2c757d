/**
 * A subscriber without a browser: it speaks the protocol of `docs/protocol.md` over a WebSocket.
 *
 * @module
 */

import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';
import { LIMIT_MS, until } from './until.mjs';

/**
 * @typedef {import('../../../sdk-backend/index.d.ts').Channel} Channel
 * @typedef {{ epoch: string, offset: number }} Position
 * @typedef {{ payload: any, publisher?: string }} Received
 */

export class Subscriber {
  #socket;
  #lastRequest = 0;

  /** @type {Map<number, (reply: any) => void>} */
  #waiting = new Map();

  /** @type {Map<number, Received[]>} by the numbers of channels */
  #messages = new Map();

  /** The relay's answer to the hello. @type {any} */
  welcome = undefined;

  /** Frames that answer nothing: `ended` and the like. @type {any[]} */
  told = [];

  /** @param {WebSocket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#hear(JSON.parse(String(data))));
  }

  /**
   * Connects and says hello.
   *
   * @param {string} url of the relay
   * @param {{ token?: string, visitorToken?: string }} [identity]
   */
  static async connect(url, identity = {}) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/realtime`, 'realtime.v1.json');
    const subscriber = new Subscriber(socket);
    await once(socket, 'open');
    subscriber.#send({ type: 'hello', ...identity });
    await subscriber.#until(() => subscriber.welcome !== undefined, 'the relay welcomes it');
    return subscriber;
  }

  /**
   * Asks for a channel and gives the relay's answer, `subscribed` or `refused`.
   *
   * @param {Channel} channel
   * @param {Position} [position]
   * @returns {Promise<any>}
   */
  async ask(channel, position) {
    this.#lastRequest += 1;
    const id = this.#lastRequest;
    const reply = new Promise((/** @type {(reply: any) => void} */ resolve) =>
      this.#waiting.set(id, resolve),
    );
    this.#send({ type: 'subscribe', id, channel, ...(position ? { position } : {}) });
    const overdue = pause(LIMIT_MS, undefined, { ref: false }).then(() => {
      throw new Error(`no answer to a subscribe of ${JSON.stringify(channel)}`);
    });
    return Promise.race([reply, overdue]);
  }

  /**
   * Whether the relay lets it read a channel.
   *
   * @param {Channel} channel
   */
  async mayRead(channel) {
    return (await this.ask(channel)).type === 'subscribed';
  }

  /**
   * Subscribes, and gives the messages as they come.
   *
   * @param {Channel} channel
   * @param {Position} [position]
   * @returns {Promise<Messages>}
   */
  async subscribe(channel, position) {
    const reply = await this.ask(channel, position);
    if (reply.type !== 'subscribed') throw new Error(`not subscribed: ${JSON.stringify(reply)}`);
    return new Messages(this.#messagesOf(reply.number), reply.position);
  }

  /** @param {Channel} channel */
  async unsubscribe(channel) {
    this.#lastRequest += 1;
    const id = this.#lastRequest;
    const reply = new Promise((resolve) => this.#waiting.set(id, resolve));
    this.#send({ type: 'unsubscribe', id, channel });
    await reply;
  }

  async leave() {
    this.#socket.close();
    if (this.#socket.readyState !== WebSocket.CLOSED) await once(this.#socket, 'close');
  }

  /** @param {unknown} frame */
  #send(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  /** @param {any} frame */
  #hear(frame) {
    if (Array.isArray(frame)) {
      for (const [number, , payload, publisher] of frame) {
        this.#messagesOf(number).push(publisher === undefined ? { payload } : { payload, publisher });
      }
    } else if (frame.type === 'welcome') this.welcome = frame;
    else if (frame.type === 'ping') this.#send({ type: 'pong' });
    else if (frame.id === undefined) this.told.push(frame);
    else this.#waiting.get(frame.id)?.(frame);
  }

  /** @param {number} number */
  #messagesOf(number) {
    const messages = this.#messages.get(number) ?? [];
    this.#messages.set(number, messages);
    return messages;
  }

  /**
   * @param {() => boolean} check
   * @param {string} what
   */
  #until = (check, what) => until(check, () => what);
}

/** What has come of one channel. */
export class Messages {
  /**
   * @param {Received[]} all filled as they come
   * @param {Position} position where they begin
   */
  constructor(all, position) {
    this.all = all;
    this.position = position;
  }

  get payloads() {
    return this.all.map(({ payload }) => payload);
  }

  /**
   * Waits until there are so many.
   *
   * @param {number} count
   */
  async until(count) {
    await until(
      () => this.all.length >= count,
      () => `${count} messages are there: ${JSON.stringify(this.all).slice(0, 500)}`,
    );
    return this.payloads;
  }
}
