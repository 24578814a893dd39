/**
 * An MQTT client in one class: its handshake logs in and leaves a will with the broker; its farewell says
 * goodbye, so that the broker does not publish the will. Try it with `npx tsx examples/mqtt/run.ts`.
 */

import { CodecError, defineClient, type Session } from 'wirechart';
import { Calls } from 'wirechart/rpc';
import { type FromBroker, type Login, type Message, mqtt, type ToBroker } from './codec.ts';

/** Extend it to set `login`, and to handle messages. */
export class Mqtt extends defineClient<FromBroker, ToBroker>(mqtt) {
  readonly login: Login = { clientId: '', keepAlive: 60 };
  readonly #calls = new Calls<number, FromBroker>(this.protocol, { timeout: 10_000 });
  #lastId = 0;
  #timer: unknown;

  /** Handles a message. A promise delays the next message, and the confirmation of one with QoS 1. */
  onPublish?(message: Message<Uint8Array>): void | Promise<void>;

  /** Resolves when the message is queued; with QoS 1, when the broker has confirmed it. */
  async publish(message: Message): Promise<void> {
    if (message.qos !== 1) await this.protocol.send({ type: 'publish', ...message });
    else await this.#call((id) => ({ type: 'publish', ...message, id }));
  }

  /** Asks for all messages whose topic matches. */
  async subscribe(filter: string, qos: 0 | 1 = 0): Promise<void> {
    await this.#call((id) => ({ type: 'subscribe', id, filter, qos }));
  }

  protected override async handshake({ send, receive, signal }: Session<FromBroker, ToBroker>) {
    await send({ type: 'connect', ...this.login });
    const { type, refusal } = await receive();
    if (type !== 'connack' || refusal) throw refusal ?? new CodecError('This is no CONNACK');
    if (this.login.keepAlive > 0) await send({ type: 'pingreq' });
    signal.addEventListener('abort', () => {
      this.protocol.clock.clearTimeout(this.#timer);
    });
  }

  protected override async onMessage(packet: FromBroker): Promise<void> {
    if (packet.type === 'publish') {
      await this.onPublish?.(packet);
      if (packet.id) await this.protocol.send({ type: 'puback', id: packet.id });
    } else if (packet.type === 'pingresp') {
      const ping = () => void this.protocol.send({ type: 'pingreq' });
      this.#timer = this.protocol.clock.setTimeout(ping, this.login.keepAlive * 500);
    } else if (packet.refusal) this.#calls.fail(packet.refusal, packet.id);
    else this.#calls.settle(packet, packet.id);
  }

  protected override farewell({ send }: Session<FromBroker, ToBroker, void>): Promise<void> {
    return send({ type: 'disconnect' });
  }

  #call(packet: (id: number) => ToBroker): Promise<FromBroker> {
    const key = (this.#lastId = (this.#lastId % 0xffff) + 1);
    return this.#calls.call(() => this.protocol.send(packet(key)), { key });
  }
}
