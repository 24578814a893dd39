/** The link over Node's streams: opens, runs and closes the stream of one machine. */

import { finished } from 'node:stream/promises';
import { ClosedError, handlerError, type WirechartError } from '../core/errors.ts';
import type { ByteShare } from '../core/byte-budget.ts';
import type { ProcessState } from '../core/heartbeat.ts';
import type { Bounds, Deadlines } from '../core/limits.ts';
import type { RunLogic, SessionLogic, SessionSlots } from '../core/session-logic.ts';
import { Counters, type ProtocolStats } from '../core/stats.ts';
import type { Link, Tap } from '../machines/link.ts';
import { rejectHandled } from '../async/deferred.ts';
import type { LinkOptions } from './link-options.ts';
import { Outbound } from './outbound.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { Passing } from '../core/passing.ts';
import type { Remote } from '../core/remote.ts';
import type { Address, BoundAddress, ListenAddress, ProtocolDefinition } from '../core/types.ts';
import { destroyAndWait, destroyStream } from './destroy.ts';
import { Connection } from './connection.ts';
import { Conversation } from './conversation.ts';
import { type Opened, StreamOpener } from './opener.ts';
import { encodeError, MessagePipeline } from './message-pipeline.ts';
import { findPeer, ProcessWatch } from './process-state.ts';
import { readLoop } from './reader.ts';
import { preparePassing } from './descriptors/passing.ts';
import { RunningSession } from './session.ts';
import { TURNS } from './turn.ts';
import { writeLoop } from './writer.ts';

/** Implements the port `Link` of the protocol machine, which documents the methods. */
export class StreamLink<In, Out> implements Link<In, Out> {
  readonly deadlines: Deadlines;
  readonly allowHalfOpen: boolean;
  converses = false;
  readonly #callbacks: Conversation<In, Out>;
  readonly #limits: Bounds;
  readonly #messages: MessagePipeline<In, Out>;
  readonly #forwards: boolean;
  readonly #warn: ((text: string) => void) | undefined;
  readonly #opener: StreamOpener;
  #open: Connection<In, Out> | undefined;
  /** Of the last session. */
  #remote: Remote | undefined;
  readonly #counters = new Counters();
  readonly #processes = new ProcessWatch();
  readonly #share: ByteShare | undefined;
  #outgoing: Outbound;
  /** Makes the running writer loop fail. */
  #failWriter: ((error: unknown) => void) | undefined;
  #hasTold = false;
  /** The signal of the writer while messages are accepted: until the chart has everything flushed. */
  #accepting: StopSignal | undefined;

  constructor(definition: ProtocolDefinition<In, Out, unknown>, options: LinkOptions) {
    this.deadlines = options.deadlines;
    this.#limits = options.limits;
    this.#opener = new StreamOpener(options);
    this.#forwards = options.forward ?? false;
    this.#warn = options.warn;
    this.allowHalfOpen = options.allowHalfOpen ?? false;
    this.#messages = new MessagePipeline(definition, () => this.#newSession(), options.served);
    if (options.tap) this.#messages.observe(options.tap);
    this.#share = options.served?.share;
    const parts = { hooks: this.#messages, counters: this.#counters, share: this.#share };
    this.#callbacks = new Conversation(definition, parts);
    this.#outgoing = new Outbound(options.limits, this.#counters, this.#share);
  }

  /** No property: it may be cyclic, and XState walks through a context that it persists. */
  get definition(): ProtocolDefinition<In, Out, unknown> {
    return this.#callbacks.definition;
  }

  get slots(): SessionSlots | undefined {
    return this.#callbacks.slots;
  }

  set slots(slots: SessionSlots | undefined) {
    this.#callbacks.slots = slots;
  }

  get stats(): ProtocolStats {
    return this.#counters.toStats(this.#outgoing.queued);
  }

  get obstacle(): Error | undefined {
    return this.#opener.obstacle;
  }

  get remote(): Remote | undefined {
    return this.#open?.remote ?? this.#remote;
  }

  get standing(): Connection<In, Out>['standing'] | undefined {
    return this.#open?.standing;
  }

  findProcess(): Promise<number | undefined> {
    return findPeer(this.remote?.path);
  }

  processState(pid: number): Promise<ProcessState> {
    return this.#processes.look(pid);
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

  get isHeldUp(): boolean {
    return !this.#messages.isOpen;
  }

  get negotiated(): unknown {
    return this.#callbacks.negotiated;
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
    this.#adopt(await this.#opener.dial(address, signal), signal);
  }

  listen(address: ListenAddress | undefined, signal: StopSignal): Promise<BoundAddress> {
    this.#begin();
    return this.#opener.listen(address, signal);
  }

  async accept(signal: StopSignal): Promise<void> {
    this.#adopt(await this.#opener.accept(signal), signal);
  }

  async establish(signal: StopSignal, run: RunLogic): Promise<void> {
    if (!this.#callbacks.has('handshake')) return;
    await this.#callbacks.establish(this.#opened(), signal, run);
    this.#open?.inbound.settleCodec();
  }

  async read(signal: StopSignal): Promise<void> {
    const { inbound } = this.#opened();
    inbound.settleCodec();
    // The chart runs it once for each session, as long as that is RUNNING.
    this.#counters.noteSession();
    try {
      await readLoop(inbound, this.#messages.handle, signal, this.#warn, TURNS, this.#messages);
      inbound.handling = this.#messages.handleEnd();
      await inbound.handling;
      inbound.handling = undefined;
    } finally {
      this.#messages.flushForwarded();
    }
  }

  converse(
    handshake: SessionLogic<never, unknown>,
    signal: StopSignal,
    run: RunLogic,
  ): Promise<unknown> {
    return this.#callbacks.converse({ handshake }, this.#opened(), signal, run);
  }

  session(_: StopSignal, run: RunLogic): Promise<void> {
    return this.#callbacks.run(this.#messages.session, run);
  }

  async drain(): Promise<void> {
    await this.#opened().inbound.handling;
  }

  async farewell(signal: StopSignal, run: RunLogic): Promise<void> {
    if (!this.#callbacks.has('farewell')) return;
    this.#accepting = undefined;
    await this.#outgoing.flushed({ isCall: false });
    await this.#callbacks.farewell(this.#opened(), signal, run);
  }

  discard(signal: StopSignal): Promise<void> {
    return this.#opened().inbound.skipToEnd(signal);
  }

  async write(signal: StopSignal): Promise<void> {
    const { stream, inbound } = this.#opened();
    this.#accepting = signal;
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
    // From now on the session ends.
    if (signal !== undefined) this.#accepting = undefined;
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
    this.#opener.close();
    if (this.#open === undefined) return;
    const { stream, inbound } = this.#open;
    const error = await destroyAndWait(stream);
    if (error !== undefined) throw inbound.fail(error);
  }

  release(): void {
    this.#opener.close();
    if (this.#accepting?.aborted === false && this.isFlushed) this.#callbacks.part(this.#opened());
    this.#open?.stream.destroy();
    this.settle(new ClosedError('The machine was stopped'));
  }

  settle(cause: WirechartError | undefined): void {
    this.#open?.inbound.discard();
    this.#remote = this.remote;
    this.#open = undefined;
    this.#failWriter = undefined;
    this.#counters.noteEnd(cause !== undefined && cause.code !== 'ERR_CONNECT_ABORTED');
    this.#accepting = undefined;
    this.#callbacks.signal.end(cause);
    const isTold = this.#messages.settle(cause);
    this.#hasTold =
      this.#outgoing.settle(
        () => cause ?? new ClosedError('The session was disconnected', { expected: true }),
      ) || isTold;
  }

  async descriptor(name: string, given: unknown): Promise<Passing> {
    return preparePassing(name, given, () => this.#open?.stream);
  }

  send(message: Out, passing?: Passing): Promise<void> {
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
      const data = this.#messages.toBytes(replaced);
      return passing ? this.#outgoing.pushWith(data, passing) : this.#outgoing.push(data);
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

  messages(
    signal: AbortSignal | undefined,
    onTold: (cause: WirechartError) => void,
  ): AsyncIterableIterator<In> {
    return this.#messages.pull().values(signal, onTold);
  }

  get isPulled(): boolean {
    return this.#messages.isPulled;
  }

  endMessages(): void {
    this.#messages.endMessages();
  }

  observe(tap: Tap, reads?: boolean): () => void {
    return this.#messages.observe(tap, reads);
  }

  /** What inspectors print of a link, which is part of the machine's context. */
  toJSON(): object {
    return { undelivered: this.undelivered };
  }

  #begin(): void {
    this.#counters.attempts += 1;
    this.#outgoing = new Outbound(this.#limits, this.#counters, this.#share);
    this.#remote = undefined;
    this.#callbacks.begin();
  }

  #newSession(): RunningSession<In, Out> {
    const outgoing = this.#outgoing;
    return new RunningSession<In, Out>({
      remote: this.#opened().remote,
      negotiated: this.#callbacks.negotiated,
      signal: this.#callbacks.signal,
      accepts: () => this.#outgoing === outgoing && this.#accepting?.aborted === false,
      send: (message) => this.send(message),
    });
  }

  #adopt(opened: Opened, signal: StopSignal): void {
    // The dial or accept may have succeeded in the turn in which it was aborted.
    if (signal.aborted) opened.stream.destroy();
    signal.throwIfAborted();
    this.#messages.begin();
    try {
      this.#open = new Connection(opened, this.#messages, {
        limits: this.#limits,
        counters: this.#counters,
        share: this.#share,
        hasHandshake: this.converses || this.#callbacks.has('handshake'),
      });
    } catch (error) {
      opened.stream.destroy();
      throw handlerError('codec.createDecoder', error);
    }
  }

  #opened(): Connection<In, Out> {
    if (this.#open === undefined) throw new ClosedError('There is no open stream');
    return this.#open;
  }
}
