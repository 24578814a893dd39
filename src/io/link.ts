/** The link over Node's streams: what the chart's actors really do. See `../link.ts` for the port. */

import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import {
  ClosedError,
  CodecError,
  describe,
  handlerError,
  isWirechartError,
  type WirechartError,
} from '../core/errors.ts';
import { Batcher } from './batcher.ts';
import type { Bounds, Deadlines } from '../core/limits.ts';
import { createDecoder } from '../core/skipping-codec.ts';
import type { Link, Tap } from '../machines/link.ts';
import { Outbound } from './outbound.ts';
import { type StopSignal, toAbortSignal } from '../async/stop-signal.ts';
import type { Address, BoundAddress, ProtocolDefinition } from '../core/types.ts';
import { parseAddress } from './address.ts';
import { dial, ignoreLateErrors } from './dial.ts';
import { HandshakeSession } from './handshake.ts';
import { Inbound } from './inbound.ts';
import { SinglePeerListener } from './listen.ts';
import { readLoop } from './reader.ts';
import { writeLoop } from './writer.ts';

/** What a link is made of. */
export interface LinkOptions {
  readonly deadlines: Deadlines;
  readonly limits: Bounds;
  readonly tap?: Tap | undefined;
  /** Whether inbound messages are delivered to `forward()`. */
  readonly forward?: boolean | undefined;
}

/** An open stream, with the decoder of its session. */
interface OpenStream<In> {
  readonly stream: Duplex;
  readonly inbound: Inbound<In>;
}

/** See the module's comment. */
export class StreamLink<In, Out> implements Link<In, Out> {
  readonly definition: ProtocolDefinition<In, Out>;
  readonly deadlines: Deadlines;
  readonly #limits: Bounds;
  /** Who is shown the messages; `undefined` while nobody is, which then costs nothing. */
  #tap: Tap | undefined;
  #taps: readonly Tap[];
  readonly #forwards: boolean;
  #batch: Batcher<In> | undefined;
  #listener: SinglePeerListener | undefined;
  #open: OpenStream<In> | undefined;
  #outgoing: Outbound;
  #failWriter: ((error: unknown) => void) | undefined;

  constructor(definition: ProtocolDefinition<In, Out>, options: LinkOptions) {
    this.definition = definition;
    this.deadlines = options.deadlines;
    this.#limits = options.limits;
    this.#tap = options.tap;
    this.#forwards = options.forward ?? false;
    this.#taps = options.tap ? [options.tap] : NO_TAPS;
    this.#outgoing = new Outbound(options.limits);
  }

  get undelivered(): number {
    return this.#outgoing.undelivered;
  }

  get isFlushed(): boolean {
    return this.#outgoing.undelivered === 0;
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
    if (this.#listener === undefined) throw new ClosedError('Nothing listens');
    const stream = await this.#listener.accept(signal);
    this.#listener.close();
    this.#listener = undefined;
    this.#adopt(stream, signal);
  }

  async establish(signal: StopSignal): Promise<void> {
    if (this.definition.handshake === undefined) return;
    const { stream, inbound } = this.#opened();
    const hooks = { receive: this.#seen, encode: this.#prepared };
    const session = new HandshakeSession(stream, inbound, hooks, toAbortSignal(signal));
    try {
      await this.definition.handshake(session);
    } catch (error) {
      throw handlerError('handshake', error);
    } finally {
      session.end();
    }
  }

  async read(signal: StopSignal): Promise<void> {
    try {
      await readLoop(this.#opened().inbound, this.#handle, signal);
    } finally {
      this.#batch?.flush();
    }
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
    const failure = error && inbound.fail(error);
    // Of both, what a callback threw: it is a defect, and is told nowhere else.
    const untold = inbound.unreportedError ?? failure;
    if (untold !== undefined) throw untold;
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
    this.#outgoing.settle(
      () => cause ?? new ClosedError('The session was disconnected', { expected: true }),
    );
  }

  send(message: Out): Promise<void> {
    let seen;
    try {
      seen = this.#replaced(message);
    } catch (thrown) {
      const error = handlerError('outbound', thrown);
      this.#failWriter?.(error);
      return Promise.reject(error);
    }
    // A message that cannot be encoded concerns its sender, and nobody else.
    try {
      return this.#outgoing.push(this.#encoded(seen));
    } catch (error) {
      return Promise.reject(encodeError(error));
    }
  }

  destroyStream(address: Address): void {
    destroyStream(address);
  }

  forward(deliver: (messages: readonly In[]) => void): void {
    if (this.#forwards) this.#batch = new Batcher(deliver);
  }

  observe(tap: Tap): () => void {
    this.#show([...this.#taps, tap]);
    return () => {
      this.#show(this.#taps.filter((other) => other !== tap));
    };
  }

  #show(taps: readonly Tap[]): void {
    this.#taps = taps;
    this.#tap = taps.length < 2 ? taps[0] : tapAll(taps);
  }

  /** Inspectors print the machine's context; a link has nothing to show there but its figures. */
  toJSON(): object {
    return { undelivered: this.undelivered };
  }

  #adopt(stream: Duplex, signal: StopSignal): void {
    // A dial or an accept that succeeded in the turn in which it was aborted.
    if (signal.aborted) stream.destroy();
    signal.throwIfAborted();
    try {
      const decoder = createDecoder(this.definition.codec, this.#limits, this.#isObserved);
      this.#open = { stream, inbound: new Inbound(stream, decoder) };
    } catch (error) {
      stream.destroy();
      throw handlerError('codec.createDecoder', error);
    }
  }

  readonly #isObserved = (): boolean => this.#tap !== undefined || this.#batch !== undefined;

  #opened(): OpenStream<In> {
    if (this.#open === undefined) throw new ClosedError('There is no stream');
    return this.#open;
  }

  readonly #handle = (message: In): PromiseLike<void> | undefined => {
    const seen = this.#seen(message);
    this.#batch?.push(seen);
    try {
      const handled = this.definition.onMessage?.(seen);
      return typeof handled?.then === 'function'
        ? handled.then(undefined, rethrowTyped)
        : undefined;
    } catch (error) {
      return rethrowTyped(error);
    }
  };

  readonly #seen = (message: In): In => {
    let seen = message;
    if (this.definition.inbound !== undefined) {
      try {
        seen = this.definition.inbound(message);
      } catch (error) {
        throw handlerError('inbound', error);
      }
    }
    this.#tap?.('<--', seen);
    return seen;
  };

  #replaced(message: Out): Out {
    return this.definition.outbound === undefined ? message : this.definition.outbound(message);
  }

  #encoded(message: Out): string | Uint8Array {
    const data = this.definition.codec.encode(message);
    this.#tap?.('-->', message);
    return data;
  }

  readonly #prepared = (message: Out): string | Uint8Array => {
    let seen;
    try {
      seen = this.#replaced(message);
    } catch (error) {
      throw handlerError('outbound', error);
    }
    try {
      return this.#encoded(seen);
    } catch (error) {
      throw encodeError(error);
    }
  };
}

/** Destroys the stream that `address` holds, if it does. Never throws. */
export function destroyStream(address: Address): void {
  try {
    const target = parseAddress(address);
    if (target.kind === 'stream') ignoreLateErrors(target.stream).destroy();
  } catch {
    // Not an address: there is nothing to be destroyed.
  }
}

const NO_TAPS: readonly Tap[] = [];

const tapAll =
  (taps: readonly Tap[]): Tap =>
  (arrow, message) => {
    for (const tap of taps) tap(arrow, message);
  };

/** Both readers that may hear of one failure must hear of the same error. */
const rethrowTyped = (thrown: unknown): never => {
  throw handlerError('onMessage', thrown);
};

/** Destroys a stream, and resolves when it is closed: with an error, if destroying it brought one. */
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

const encodeError = (thrown: unknown): WirechartError =>
  isWirechartError(thrown)
    ? thrown
    : new CodecError(`The message cannot be encoded: ${describe(thrown)}`, undefined, {
        cause: thrown,
      });
