/** What a session speaks over: an open stream, the inbound half of it, and who is at its other end. */

import type { Duplex } from 'node:stream';
import type { ConnectionOptions, TlsOptions } from 'node:tls';
import type { StopSignal } from '../async/stop-signal.ts';
import type { ByteShare } from '../core/byte-budget.ts';
import type { Codec, Decoder } from '../core/codec.ts';
import { checkCodec } from '../core/definition.ts';
import type { Bounds } from '../core/limits.ts';
import { checkNames } from '../core/options.ts';
import type { PeerStanding } from '../core/peer-standing.ts';
import type { Remote } from '../core/remote.ts';
import type { Counters } from '../core/stats.ts';
import type { UpgradeOptions } from '../core/types.ts';
import { Inbound } from './inbound.ts';
import { ByteTrace } from './left-over.ts';
import { listenerQueueOf } from './listener-queue.ts';
import type { Opened } from './opener.ts';
import { tlsRemoteOf } from './remote.ts';
import { reasonOf, release, replace } from './standing-stream.ts';
import { startTls } from './start-tls.ts';

/** The part of the message pipeline that a connection uses. */
export interface DecoderSource<In, Out> {
  /** Uses a codec from now on. */
  useCodec(codec: Codec<In, Out>): void;
  /** Creates a decoder of that codec. Throws what the codec throws. */
  createDecoder(limits: Bounds): Decoder<In>;
}

/** What a connection has from its link. */
export interface ConnectionParts {
  readonly limits: Bounds;
  readonly counters: Counters;
  readonly share: ByteShare | undefined;
  /** Whether there is a handshake, which may change the codec. */
  readonly hasHandshake: boolean;
}

/** One for each session. A handshake may replace its codec and its stream. */
export class Connection<In, Out> {
  #stream: Duplex;
  #inbound: Inbound<In>;
  #remote: Remote;
  readonly #messages: DecoderSource<In, Out>;
  readonly #parts: ConnectionParts;
  readonly #isAccepted: boolean;
  readonly #host: string | undefined;

  /** Throws what the codec throws when it creates a decoder. */
  constructor(opened: Opened, messages: DecoderSource<In, Out>, parts: ConnectionParts) {
    this.#stream = opened.stream;
    this.#messages = messages;
    this.#parts = parts;
    this.#isAccepted = opened.isAccepted;
    this.#host = opened.host;
    this.#inbound = this.#decode(opened.stream);
    this.#remote = opened.identify();
  }

  get stream(): Duplex {
    return this.#stream;
  }

  get inbound(): Inbound<In> {
    return this.#inbound;
  }

  get remote(): Remote {
    return this.#remote;
  }

  /** What is known of the peer now. Of a stream that is a listening child, the socket is the child's. */
  get standing(): PeerStanding {
    const { path } = this.#remote;
    const queue = path === undefined || this.#isAccepted ? undefined : listenerQueueOf(path);
    return { remote: this.#remote, isAccepted: this.#isAccepted, queue };
  }

  /** Changes the codec. Throws as `Session.switchCodec()` does. */
  switchCodec(codec: Codec<In, Out>): void {
    checkCodec('switchCodec()', codec);
    const rest = this.#inbound.detach(() => this.#messages.createDecoder(this.#parts.limits));
    this.#messages.useCodec(codec);
    this.#inbound = this.#decode(this.#stream);
    this.#inbound.prime(rest);
  }

  /** Starts TLS. Rejects as `Session.upgrade()` does; the stream must then be destroyed. */
  async upgrade(
    signal: StopSignal,
    tls: ConnectionOptions | TlsOptions,
    options: UpgradeOptions = {},
  ): Promise<void> {
    checkNames('upgrade()', options, { isServer: true });
    const start = startTls(tls, options.isServer ?? this.#isAccepted);
    const secured = await start(
      {
        stream: this.#stream,
        host: this.#host,
        detach: () => {
          this.#inbound.detachEmpty();
          return release(this.#stream);
        },
      },
      signal,
    ).catch(async (error: unknown) => {
      throw await reasonOf(this.#stream, error);
    });
    this.#remote = tlsRemoteOf(secured, this.#remote);
    this.#stream = replace(this.#stream, secured);
    this.#inbound = this.#decode(this.#stream);
  }

  #decode(stream: Duplex): Inbound<In> {
    const { limits, counters, share, hasHandshake } = this.#parts;
    const decoder = this.#messages.createDecoder(limits);
    const trace = hasHandshake && decoder.rest === undefined ? new ByteTrace() : undefined;
    return new Inbound(stream, decoder, limits, counters, share, trace);
  }
}
