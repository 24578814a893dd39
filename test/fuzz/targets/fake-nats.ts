/** A NATS client without a server, and a monitor, for one machine of a bridge. */

import type { Duplex } from 'node:stream';
import type {
  Msg,
  MsgCallback,
  NatsConnection,
  SubscriptionOptions,
} from '@nats-io/transport-node';
import { type JsonObject, jsonStream, streamPair } from '../../../src/index.ts';

/** What was published. */
export interface Published {
  readonly subject: string;
  readonly data: string;
}

/** Keeps what is published, and delivers requests. */
export class FakeNats {
  readonly published: Published[] = [];
  readonly info: { readonly max_payload: number };
  /** The subjects that are subscribed to. */
  readonly subjects: string[] = [];
  #onRequest: MsgCallback<Msg> | undefined;

  constructor(maxPayload: number) {
    this.info = { max_payload: maxPayload };
  }

  /** It has what a bridged machine and its outbox use. */
  get connection(): NatsConnection {
    return this as unknown as NatsConnection;
  }

  /** Delivers a request, of which it has what the bridge uses. */
  request(reply: string, data: Uint8Array): void {
    void this.#onRequest?.(null, { reply, data } as unknown as Msg);
  }

  subscribe(subject: string, { callback }: SubscriptionOptions): object {
    this.subjects.push(subject);
    this.#onRequest = callback;
    return { drain: () => Promise.resolve() };
  }

  publish(subject: string, data: string): void {
    if (Buffer.byteLength(data) > this.info.max_payload) throw new RangeError('too large');
    this.published.push({ subject, data });
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  isClosed(): boolean {
    return false;
  }
}

const json = jsonStream<JsonObject, object>({ integers: 'bigint' });

/** A monitor that answers every command. */
export class AnsweringMonitor {
  readonly stream: Duplex;
  /** The commands after the negotiation. */
  readonly received: JsonObject[] = [];
  readonly #peer: Duplex;

  constructor() {
    [this.stream, this.#peer] = streamPair();
    const decoder = json.createDecoder({});
    this.#peer.on('error', () => undefined);
    this.#peer.on('end', () => this.#peer.end());
    this.#peer.on('data', (chunk: Buffer) => {
      decoder.write(chunk);
      for (let command = decoder.read(); command !== undefined; command = decoder.read())
        this.#answer(command);
    });
    this.send(
      '{"QMP":{"version":{"qemu":{"major":9,"minor":0,"micro":0},"package":""},"capabilities":[]}}\r\n',
    );
  }

  send(data: Buffer | string): void {
    if (data.length > 0) this.#peer.write(data);
  }

  #answer({ id, ...command }: JsonObject): void {
    if (command['execute'] !== 'qmp_capabilities') this.received.push(command);
    this.send(`${JSON.stringify({ return: {}, id })}\r\n`);
  }
}
