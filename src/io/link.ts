/** The link over Node's streams: opens, runs and closes the stream of one machine. */

import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ClosedError, handlerError, type WirechartError } from '../core/errors.ts';
import type { Bounds, Deadlines } from '../core/limits.ts';
import type { Link, Tap } from '../machines/link.ts';
import { Outbound } from './outbound.ts';
import { type StopSignal, toAbortSignal } from '../async/stop-signal.ts';
import type { Address, BoundAddress, ProtocolDefinition } from '../core/types.ts';
import { parseAddress } from './address.ts';
import { dial, ignoreLateErrors } from './dial.ts';
import { HandshakeSession } from './handshake.ts';
import { Inbound } from './inbound.ts';
import { toDuplex } from './join-streams.ts';
import { SinglePeerListener } from './listen.ts';
import { encodeError, MessagePipeline } from './message-pipeline.ts';
import { readLoop } from './reader.ts';
import { writeLoop } from './writer.ts';

/** The settings of a link. */
export interface LinkOptions {
  readonly deadlines: Deadlines;
  readonly limits: Bounds;
  /** Is shown every message, as with `observe()`. */
  readonly tap?: Tap | undefined;
  /** Whether `forward()` has an effect. Default false. */
  readonly forward?: boolean | undefined;
  /** Whether the session outlasts the peer's end of stream. Default false. */
  readonly allowHalfOpen?: boolean | undefined;
}

/** An open stream, with the inbound half of its session. */
interface OpenStream<In> {
  readonly stream: Duplex;
  readonly inbound: Inbound<In>;
}

/** Implements the port `Link` of the protocol machine, which documents the methods. */
export class StreamLink<In, Out> implements Link<In, Out> {
  readonly definition: ProtocolDefinition<In, Out>;
  readonly deadlines: Deadlines;
  readonly allowHalfOpen: boolean;
  readonly #limits: Bounds;
  readonly #messages: MessagePipeline<In, Out>;
  readonly #forwards: boolean;
  #listener: SinglePeerListener | undefined;
  #open: OpenStream<In> | undefined;
  #outgoing: Outbound;
  /** Makes the running writer loop fail. */
  #failWriter: ((error: unknown) => void) | undefined;
  #hasTold = false;

  constructor(definition: ProtocolDefinition<In, Out>, options: LinkOptions) {
    this.definition = definition;
    this.deadlines = options.deadlines;
    this.#limits = options.limits;
    this.#forwards = options.forward ?? false;
    this.allowHalfOpen = options.allowHalfOpen ?? false;
    this.#messages = new MessagePipeline(definition);
    if (options.tap) this.#messages.observe(options.tap);
    this.#outgoing = new Outbound(options.limits);
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

  get handlerFailure(): WirechartError | undefined {
    return this.#open?.inbound.unreportedError;
  }

  get received(): number {
    return this.#open?.inbound.received ?? 0;
  }

  get hasTold(): boolean {
    return this.#hasTold;
  }

  async dial(address: Address, signal: StopSignal): Promise<void> {
    this.#outgoing = new Outbound(this.#limits);
    this.#adopt(await dial(parseAddress(address), signal), signal);
  }

  async listen(address: Address, signal: StopSignal): Promise<BoundAddress> {
    this.#outgoing = new Outbound(this.#limits);
    const listener = await SinglePeerListener.bind(parseAddress(address), signal);
    if (signal.aborted) listener.close();
    signal.throwIfAborted();
    this.#listener = listener;
    return listener.address;
  }

  async accept(signal: StopSignal): Promise<void> {
    if (this.#listener === undefined) throw new ClosedError('There is no listener');
    const stream = await this.#listener.accept(signal);
    this.#listener.close();
    this.#listener = undefined;
    this.#adopt(stream, signal);
  }

  async establish(signal: StopSignal): Promise<void> {
    if (this.definition.handshake === undefined) return;
    await this.#converse('handshake', signal);
  }

  async read(signal: StopSignal): Promise<void> {
    const { inbound } = this.#opened();
    try {
      await readLoop(inbound, this.#messages.handle, signal);
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
    await this.#outgoing.flushed();
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

  flush(): Promise<void> {
    return this.#outgoing.flushed();
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
      return Promise.reject(error);
    }
    // A message that cannot be encoded fails this call only; the session goes on.
    try {
      return this.#outgoing.push(this.#messages.toBytes(replaced));
    } catch (error) {
      return Promise.reject(encodeError(error));
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

  #adopt(stream: Duplex, signal: StopSignal): void {
    // The dial or accept may have succeeded in the turn in which it was aborted.
    if (signal.aborted) stream.destroy();
    signal.throwIfAborted();
    try {
      const decoder = this.#messages.createDecoder(this.#limits);
      this.#open = { stream, inbound: new Inbound(stream, decoder, this.#limits) };
    } catch (error) {
      stream.destroy();
      throw handlerError('codec.createDecoder', error);
    }
  }

  /** Runs a callback of the protocol that works with the stream as a session. */
  async #converse(name: 'handshake' | 'farewell', signal: StopSignal): Promise<void> {
    const { stream, inbound } = this.#opened();
    const session = new HandshakeSession(stream, inbound, this.#messages, toAbortSignal(signal));
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

/** Destroys the stream that `address` holds, if it holds one. Never throws. */
export function destroyStream(address: Address): void {
  try {
    const target = parseAddress(address);
    if (target.kind === 'stream') ignoreLateErrors(toDuplex(target.stream)).destroy();
  } catch {
    // Not a valid address: there is nothing to destroy.
  }
}

/** Destroys a stream, and resolves when it is closed: with the error that this caused, if any. */
const destroyAndWait = async (stream: Duplex): Promise<Error | undefined> => {
  const { errored } = stream;
  stream.destroy();
  if (!stream.closed) {
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
    });
  }
  return errored === null && stream.errored !== null ? stream.errored : undefined;
};
