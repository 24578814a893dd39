/** What a machine stands on in these tests: a link and a clock that do nothing by themselves. */

import { SimulatedClock } from 'xstate';
import { type Deferred, defer } from '../../src/async/deferred.ts';
import type { WirechartError } from '../../src/core/errors.ts';
import type { Deadlines } from '../../src/core/limits.ts';
import type { Link } from '../../src/machines/link.ts';
import type { BoundAddress, ProtocolDefinition } from '../../src/core/types.ts';

/** The methods of a link that wait. */
export type LinkMethod = (typeof LINK_METHODS)[number];
export const LINK_METHODS = [
  'dial',
  'listen',
  'accept',
  'establish',
  'read',
  'write',
  'flush',
  'close',
  'destroy',
] as const;

/** Finite ones, each unlike the others. */
export const DEADLINES: Deadlines = {
  connect: 100,
  accept: 200,
  handshake: 300,
  flush: 400,
  close: 500,
};

export const BOUND: BoundAddress = { path: '/run/fake.sock' };

/** One call of a waiting method. It settles when the test says so, and at no other time. */
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

  /** Still waited for: neither settled nor aborted. */
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
  throw new Error('The chart never looks at a message');
};

/** A link whose every wait the test decides. */
export class FakeLink implements Link<string, string> {
  readonly definition: ProtocolDefinition<string> = {
    codec: { encode: unused, createDecoder: unused },
    handshake: unused,
  };
  readonly deadlines: Deadlines;
  undelivered = 0;
  /** Whether the chart may go past `flushing`. */
  isFlushed = false;
  /** Every call of a waiting method, in order. */
  readonly calls: Call[] = [];
  /** The methods whose calls were aborted, in order. */
  readonly aborted: LinkMethod[] = [];
  /** What `settle()` was called with. */
  readonly settledWith: (WirechartError | undefined)[] = [];
  /** How often `release()` was called. */
  released = 0;
  /** The most calls of one method that were live at one time. */
  readonly mostLive = new Map<LinkMethod, number>();
  /** The methods that throw instead of returning a promise, with what they throw. */
  readonly throwing = new Map<LinkMethod, Error>();

  constructor(deadlines: Partial<Deadlines> = {}) {
    this.deadlines = { ...DEADLINES, ...deadlines };
  }

  /** The calls that are still waited for. */
  get live(): Call[] {
    return this.calls.filter((call) => call.isLive);
  }

  /** The live call of a method. */
  call(method: LinkMethod): Call {
    const call = this.live.find((candidate) => candidate.method === method);
    if (call === undefined) throw new Error(`No ${method}() is waited for`);
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
  read(signal: AbortSignal): Promise<void> {
    return this.#begin('read', signal);
  }
  write(signal: AbortSignal): Promise<void> {
    return this.#begin('write', signal);
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
    // The chart never asks for it: it is for attempts that are not made.
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
    // The chart's owner asks once; this link never has any.
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
    this.mostLive.set(method, Math.max(live, this.mostLive.get(method) ?? 0));
    signal.addEventListener('abort', () => this.aborted.push(method), { once: true });
    return call.promise;
  }
}

/** A simulated clock that tells how many timers are set. */
export class CountingClock extends SimulatedClock {
  readonly #set = new Set<number>();
  /** How long each timer was set for, in order. */
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

/** A link with nothing to flush, of a protocol without a handshake: the chart takes the short ways. */
export class IdleLink extends FakeLink {
  override readonly definition: ProtocolDefinition<string> = {
    codec: { encode: unused, createDecoder: unused },
  };
  override isFlushed = true;
}
