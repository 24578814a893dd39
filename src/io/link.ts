/** The link over Node's streams: opens, runs and closes the stream of one machine. */

import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ClosedError, handlerError, type WirechartError } from '../core/errors.ts';
import type { ByteShare } from '../core/byte-budget.ts';
import type { Bounds, Deadlines } from '../core/limits.ts';
import { Counters, type ProtocolStats } from '../core/stats.ts';
import type { Link, Tap } from '../machines/link.ts';
import { rejectHandled } from '../async/deferred.ts';
import { Outbound } from './outbound.ts';
import { type StopSignal, toAbortSignal } from '../async/stop-signal.ts';
import type { Remote } from '../core/remote.ts';
import type {
  Address,
  BoundAddress,
  Clock,
  ListenAddress,
  ProtocolDefinition,
} from '../core/types.ts';
import { destroyAndWait, destroyStream } from './destroy.ts';
import { dial } from './dial.ts';
import { HandshakeSession } from './handshake.ts';
import { Inbound } from './inbound.ts';
import { parseDialAddress, parseListenAddress } from './listen-target.ts';
import { SinglePeerListener } from './listen.ts';
import { encodeError, MessagePipeline } from './message-pipeline.ts';
import { readLoop } from './reader.ts';
import { dialedRemote, remoteOf } from './remote.ts';
import { writeLoop } from './writer.ts';

/** The settings of a link. */
export interface LinkOptions {
  readonly deadlines: Deadlines;
  readonly limits: Bounds;
  /** Measures the waits between attempts to dial. Default: real time. */
  readonly clock?: Clock | undefined;
  /** Is shown every message, as with `observe()`. */
  readonly tap?: Tap | undefined;
  /** Where warnings go. Default: a warning of the process. */
  readonly warn?: ((text: string) => void) | undefined;
  /** Whether `forward()` has an effect. Default false. */
  readonly forward?: boolean | undefined;
  /** Whether the session outlasts the peer's end of stream. Default false. */
  readonly allowHalfOpen?: boolean | undefined;
  /** Counts what the peer holds, inbound and outbound. */
  readonly share?: ByteShare | undefined;
}

/** An open stream, with the inbound half of its session. */
interface OpenStream<In> {
  readonly stream: Duplex;
  readonly inbound: Inbound<In>;
}

/** Implements the port `Link` of the protocol machine, which documents the methods. */
export class StreamLink<In, Out> implements Link<In, Out> {
  readonly deadlines: Deadlines;
  readonly allowHalfOpen: boolean;
  readonly #definition: ProtocolDefinition<In, Out>;
  readonly #limits: Bounds;
  readonly #messages: MessagePipeline<In, Out>;
  readonly #forwards: boolean;
  readonly #warn: ((text: string) => void) | undefined;
  #listener: SinglePeerListener | undefined;
  #open: OpenStream<In> | undefined;
  #remote: Remote | undefined;
  #obstacle: Error | undefined;
  readonly #clock: Clock | undefined;
  readonly #counters = new Counters();
  readonly #share: ByteShare | undefined;
  #outgoing: Outbound;
  /** Makes the running writer loop fail. */
  #failWriter: ((error: unknown) => void) | undefined;
  #hasTold = false;

  constructor(definition: ProtocolDefinition<In, Out>, options: LinkOptions) {
    this.#definition = definition;
    this.deadlines = options.deadlines;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#forwards = options.forward ?? false;
    this.#warn = options.warn;
    this.allowHalfOpen = options.allowHalfOpen ?? false;
    this.#messages = new MessagePipeline(definition);
    if (options.tap) this.#messages.observe(options.tap);
    this.#share = options.share;
    this.#outgoing = new Outbound(options.limits, this.#counters, options.share);
  }

  /** No property: it may be cyclic, and XState walks through a context that it persists. */
  get definition(): ProtocolDefinition<In, Out> {
    return this.#definition;
  }

  get stats(): ProtocolStats {
    return this.#counters.toStats(this.#outgoing.queued);
  }

  get obstacle(): Error | undefined {
    return this.#obstacle;
  }

  get remote(): Remote | undefined {
    return this.#remote;
  }

  get undelivered(): number {
    return this.#outgoing.undelivered;
  }

  get isFlushed(): boolean {
    return this.#outgoing.undelivered === 0;
  }

  get isHandling(): boolean {
    return this.#open?.inbound.handling !== undefined;
  }

  get endCause(): WirechartError | undefined {
    return this.#open?.inbound.endCause;
  }

  get handlerFailure(): WirechartError | undefined {
    return this.#open?.inbound.unreportedError;
  }

  get received(): number {
    return this.#open?.inbound.received ?? 0;
  }

  get hasMessage(): boolean {
    return this.#open?.inbound.hasMessage ?? false;
  }

  get hasTold(): boolean {
    return this.#hasTold;
  }

  async dial(address: ListenAddress | undefined, signal: StopSignal): Promise<void> {
    this.#begin();
    const target = parseDialAddress(address);
    const onObstacle = (reason: Error): void => {
      this.#obstacle = reason;
    };
    const options = { clock: this.#clock, onObstacle, warn: this.#warn };
    const stream = await dial(target, signal, options);
    this.#obstacle = undefined;
    this.#adopt(stream, signal, () => dialedRemote(stream, target));
  }

  async listen(address: ListenAddress | undefined, signal: StopSignal): Promise<BoundAddress> {
    this.#begin();
    const target = parseListenAddress(address);
    const listener = await SinglePeerListener.bind(target, signal, this.#warn);
    if (signal.aborted) listener.close();
    signal.throwIfAborted();
    this.#listener = listener;
    return listener.address;
  }

  async accept(signal: StopSignal): Promise<void> {
    if (this.#listener === undefined) throw new ClosedError('There is no listener');
    const { address } = this.#listener;
    const stream = await this.#listener.accept(signal);
    this.#listener.close();
    this.#listener = undefined;
    this.#adopt(stream, signal, () =>
      remoteOf(stream, 'path' in address ? address.path : undefined),
    );
  }

  async establish(signal: StopSignal): Promise<void> {
    if (this.definition.handshake === undefined) return;
    await this.#converse('handshake', signal);
  }

  async read(signal: StopSignal): Promise<void> {
    const { inbound } = this.#opened();
    // The chart runs it once for each session, as long as that is RUNNING.
    this.#counters.noteSession();
    try {
      await readLoop(inbound, this.#messages.handle, signal, this.#warn);
      inbound.handling = this.#messages.handleEnd();
      await inbound.handling;
      inbound.handling = undefined;
    } finally {
      this.#messages.flushForwarded();
    }
  }

  async drain(): Promise<void> {
    await this.#opened().inbound.handling;
  }

  async farewell(signal: StopSignal): Promise<void> {
    if (this.definition.farewell === undefined) return;
    await this.#outgoing.flushed({ isCall: false });
    await this.#converse('farewell', signal);
  }

  discard(signal: StopSignal): Promise<void> {
    return this.#opened().inbound.skipToEnd(signal);
  }

  async write(signal: StopSignal): Promise<void> {
    const { stream, inbound } = this.#opened();
    try {
      await new Promise<void>((_, reject) => {
        this.#failWriter = reject;
        writeLoop(stream, this.#outgoing, signal).catch(reject);
      });
    } catch (error) {
      throw inbound.fail(error);
    }
  }

  flush(signal?: StopSignal): Promise<void> {
    return this.#outgoing.flushed({ isCall: signal === undefined });
  }

  async close(): Promise<void> {
    const { stream, inbound } = this.#opened();
    inbound.discard();
    try {
      if (!stream.destroyed) await finished(stream.end());
    } catch (error) {
      throw inbound.fail(error);
    }
    return this.destroy();
  }

  async destroy(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    if (this.#open === undefined) return;
    const { stream, inbound } = this.#open;
    const error = await destroyAndWait(stream);
    if (error !== undefined) throw inbound.fail(error);
  }

  release(): void {
    this.#listener?.close();
    this.#open?.stream.destroy();
    this.settle(new ClosedError('The machine was stopped'));
  }

  settle(cause: WirechartError | undefined): void {
    this.#open?.inbound.discard();
    this.#open = undefined;
    this.#failWriter = undefined;
    this.#counters.noteEnd(cause !== undefined && cause.code !== 'ERR_CONNECT_ABORTED');
    this.#hasTold = this.#outgoing.settle(
      () => cause ?? new ClosedError('The session was disconnected', { expected: true }),
    );
  }

  send(message: Out): Promise<void> {
    let replaced;
    try {
      replaced = this.#messages.applyOutbound(message);
    } catch (thrown) {
      const error = handlerError('outbound', thrown);
      this.#failWriter?.(error);
      return rejectHandled(error);
    }
    // A message that cannot be encoded fails this call only; the session goes on.
    try {
      return this.#outgoing.push(this.#messages.toBytes(replaced));
    } catch (error) {
      return rejectHandled(encodeError(error));
    }
  }

  destroyStream(address: Address): void {
    destroyStream(address);
  }

  forward(deliver: (messages: readonly In[]) => void): void {
    if (this.#forwards) this.#messages.forward(deliver);
  }

  observe(tap: Tap): () => void {
    return this.#messages.observe(tap);
  }

  /** What inspectors print of a link, which is part of the machine's context. */
  toJSON(): object {
    return { undelivered: this.undelivered };
  }

  #begin(): void {
    this.#counters.attempts += 1;
    this.#outgoing = new Outbound(this.#limits, this.#counters, this.#share);
    this.#remote = undefined;
    this.#obstacle = undefined;
  }

  /** @param identify - Returns who is at the other end. */
  #adopt(stream: Duplex, signal: StopSignal, identify: () => Remote): void {
    // The dial or accept may have succeeded in the turn in which it was aborted.
    if (signal.aborted) stream.destroy();
    signal.throwIfAborted();
    try {
      const decoder = this.#messages.createDecoder(this.#limits);
      const inbound = new Inbound(stream, decoder, this.#limits, this.#counters, this.#share);
      this.#open = { stream, inbound };
      this.#remote = identify();
    } catch (error) {
      stream.destroy();
      throw handlerError('codec.createDecoder', error);
    }
  }

  /** Runs a callback of the protocol that works with the stream as a session. */
  async #converse(name: 'handshake' | 'farewell', signal: StopSignal): Promise<void> {
    const { stream, inbound } = this.#opened();
    const session = new HandshakeSession(
      stream,
      inbound,
      this.#messages,
      toAbortSignal(signal),
      this.#remote ?? remoteOf(stream),
      this.#counters,
      this.#share,
    );
    try {
      await this.definition[name]?.(session);
    } catch (error) {
      throw handlerError(name, error);
    } finally {
      session.end();
    }
  }

  #opened(): OpenStream<In> {
    if (this.#open === undefined) throw new ClosedError('There is no open stream');
    return this.#open;
  }
}
