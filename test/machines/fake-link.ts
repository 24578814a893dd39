/** A fake link and a fake clock for the machine, which do nothing by themselves. */

import { SimulatedClock } from 'xstate';
import { type Deferred, defer } from '../../src/async/deferred.ts';
import type { WirechartError } from '../../src/core/errors.ts';
import type { Deadlines } from '../../src/core/limits.ts';
import type { Link } from '../../src/machines/link.ts';
import type { BoundAddress, ProtocolDefinition } from '../../src/core/types.ts';

/** The methods of a link that return a promise which the chart waits for. */
export type LinkMethod = (typeof LINK_METHODS)[number];
export const LINK_METHODS = [
  'dial',
  'listen',
  'accept',
  'establish',
  'session',
  'read',
  'write',
  'drain',
  'farewell',
  'discard',
  'flush',
  'close',
  'destroy',
] as const;

/** All different, so that a test sees which one has passed; all finite but the one for silence. */
export const DEADLINES: Deadlines = {
  connect: 100,
  accept: 200,
  handshake: 300,
  drain: 350,
  flush: 400,
  close: 500,
  idle: Infinity,
  firstMessage: Infinity,
};

export const BOUND: BoundAddress = { path: '/run/fake.sock' };

/** One call of a link method. It settles only when the test resolves or rejects it. */
export class Call {
  readonly method: LinkMethod;
  readonly signal: AbortSignal;
  readonly #deferred: Deferred<undefined> = defer();
  #settled = false;

  constructor(method: LinkMethod, signal: AbortSignal) {
    this.method = method;
    this.signal = signal;
  }

  get promise(): Promise<undefined> {
    return this.#deferred.promise;
  }

  get isPending(): boolean {
    return !this.#settled;
  }

  /** Whether the machine still waits for it: it is neither settled nor aborted. */
  get isLive(): boolean {
    return !this.#settled && !this.signal.aborted;
  }

  resolve(): void {
    this.#settled = true;
    this.#deferred.resolve(undefined);
  }

  reject(reason: unknown): void {
    this.#settled = true;
    this.#deferred.reject(reason);
  }
}

const unused = (): never => {
  throw new Error('The chart must not read messages');
};

/** A link whose calls settle only when the test settles them. */
export class FakeLink implements Link<string, string> {
  readonly definition: ProtocolDefinition<string> = {
    codec: { encode: unused, createDecoder: unused },
    handshake: unused,
  };
  /** Adds a farewell to the protocol, or removes it. */
  set hasFarewell(has: boolean) {
    if (has) this.definition.farewell = unused;
    else delete this.definition.farewell;
  }
  readonly deadlines: Deadlines;
  readonly remote = undefined;
  undelivered = 0;
  /** Whether the chart may skip `flushing`. */
  isFlushed = false;
  /** Whether the chart must not skip `draining.handling`. */
  isHandling = false;
  allowHalfOpen = false;
  handlerFailure: WirechartError | undefined;
  readonly endCause = undefined;
  received = 0;
  hasMessage = false;
  isHeldUp = false;
  negotiated: unknown;
  readonly hasTold = false;
  readonly isPulled = false;
  obstacle: Error | undefined;
  /** Every call of a link method, in order. */
  readonly calls: Call[] = [];
  /** The methods whose calls were aborted, in order. */
  readonly aborted: LinkMethod[] = [];
  /** The arguments of `settle()`, in order. */
  readonly settledWith: (WirechartError | undefined)[] = [];
  /** How often `release()` was called. */
  released = 0;
  /** The largest number of calls of each method that were live at the same time. */
  readonly maxLive = new Map<LinkMethod, number>();
  /** The methods that throw instead of returning a promise, and the error that each throws. */
  readonly throwing = new Map<LinkMethod, Error>();

  constructor(deadlines: Partial<Deadlines> = {}) {
    this.deadlines = { ...DEADLINES, ...deadlines };
  }

  get stats(): never {
    return unused();
  }

  /** The calls that the machine still waits for. */
  get live(): Call[] {
    return this.calls.filter((call) => call.isLive);
  }

  /** The live call of a method. Throws when there is none. */
  call(method: LinkMethod): Call {
    const call = this.live.find((candidate) => candidate.method === method);
    if (call === undefined) throw new Error(`The machine does not wait for ${method}()`);
    return call;
  }

  dial(_: unknown, signal: AbortSignal): Promise<void> {
    return this.#begin('dial', signal);
  }
  listen(_: unknown, signal: AbortSignal): Promise<BoundAddress> {
    return this.#begin('listen', signal).then(() => BOUND);
  }
  accept(signal: AbortSignal): Promise<void> {
    return this.#begin('accept', signal);
  }
  establish(signal: AbortSignal): Promise<void> {
    return this.#begin('establish', signal);
  }
  session(signal: AbortSignal): Promise<void> {
    return this.#begin('session', signal);
  }
  read(signal: AbortSignal): Promise<void> {
    return this.#begin('read', signal);
  }
  write(signal: AbortSignal): Promise<void> {
    return this.#begin('write', signal);
  }
  drain(signal: AbortSignal): Promise<void> {
    return this.#begin('drain', signal);
  }
  farewell(signal: AbortSignal): Promise<void> {
    return this.#begin('farewell', signal);
  }
  discard(signal: AbortSignal): Promise<void> {
    return this.#begin('discard', signal);
  }
  flush(signal = new AbortController().signal): Promise<void> {
    return this.#begin('flush', signal);
  }
  close(signal: AbortSignal): Promise<void> {
    return this.#begin('close', signal);
  }
  destroy(signal: AbortSignal): Promise<void> {
    return this.#begin('destroy', signal);
  }
  destroyStream(): void {
    // The chart never calls it: only a facade does, for an attempt that is not made.
  }

  release(): void {
    this.released += 1;
  }
  settle(cause: WirechartError | undefined): void {
    this.settledWith.push(cause);
  }
  send(): Promise<void> {
    return unused();
  }
  forward(): void {
    // The chart's owner calls it once; this link never has messages.
  }
  messages(): AsyncIterableIterator<unknown, undefined> {
    throw new Error('A fake link has no messages');
  }

  endMessages(): void {
    throw new Error('A fake link has no messages');
  }

  observe(): () => void {
    return unused();
  }

  #begin(method: LinkMethod, signal: AbortSignal): Promise<undefined> {
    const error = this.throwing.get(method);
    if (error !== undefined) throw error;
    const call = new Call(method, signal);
    this.calls.push(call);
    const live = this.live.filter((other) => other.method === method).length;
    this.maxLive.set(method, Math.max(live, this.maxLive.get(method) ?? 0));
    signal.addEventListener('abort', () => this.aborted.push(method), { once: true });
    return call.promise;
  }
}

/** A simulated clock that counts the timers that are set. */
export class CountingClock extends SimulatedClock {
  readonly #set = new Set<number>();
  /** The delay of each timer, in ms, in the order in which they were set. */
  readonly delays: number[] = [];

  get timers(): number {
    return this.#set.size;
  }

  override setTimeout(fn: () => void, timeout: number): number {
    const id = super.setTimeout(() => {
      this.#set.delete(id);
      fn();
    }, timeout);
    this.#set.add(id);
    this.delays.push(timeout);
    return id;
  }

  override clearTimeout(id: number): void {
    this.#set.delete(id);
    super.clearTimeout(id);
  }
}

/**
 * A link with nothing to flush, for a protocol without a handshake: the chart skips both states.
 */
export class IdleLink extends FakeLink {
  override readonly definition: ProtocolDefinition<string> = {
    codec: { encode: unused, createDecoder: unused },
  };
  override isFlushed = true;
}

/** A link with a message that is being handled, for a protocol with a farewell. */
export class BusyLink extends FakeLink {
  override readonly definition: ProtocolDefinition<string> = {
    codec: { encode: unused, createDecoder: unused },
    handshake: unused,
    farewell: unused,
  };
  override isHandling = true;
  override allowHalfOpen = true;
}
