/** The real machine on the real link, over a stream that a walk operates by hand. */

import { expect } from 'vitest';
import { type ActorRefFrom, createActor } from 'xstate';
import { lines } from '../../src/codecs/lines.ts';
import { ConnectError, TimeoutError, WirechartError } from '../../src/core/errors.ts';
import { StreamLink } from '../../src/io/link.ts';
import { resolveLimits } from '../../src/core/limits.ts';
import { createChart } from '../../src/machines/protocol.ts';
import type { ProtocolEvent } from '../../src/machines/protocol-types.ts';
import type { StopSignal } from '../../src/async/stop-signal.ts';
import type { ProtocolDefinition, SessionOutcome } from '../../src/core/types.ts';
import { CountingClock, DEADLINES } from '../machines/fake-link.ts';
import { pathOf } from '../machines/support.ts';
import { type Gate, gate, turn } from '../support/signal.ts';
import { ManualStream } from './manual-stream.ts';

/** The options in which the protocols of the walks differ. */
export interface Variant {
  /** Whether there is a handshake: a message in each direction. */
  readonly handshake: boolean;
  /** Whether the handler of a message is pending until the walk settles it. */
  readonly slow: boolean;
  /** Whether the handler sends DISCONNECT synchronously. */
  readonly disconnects?: boolean;
}

/** A link that counts its running readers and writers. */
class CountingLink extends StreamLink<string, string> {
  readonly #live = { read: 0, write: 0 };
  /** The largest numbers at the same time. */
  readonly max = { read: 0, write: 0 };
  /** Called when a reader has reached the end of the stream. */
  onReadToEnd: () => void = () => undefined;

  get isReading(): boolean {
    return this.#live.read > 0;
  }

  override async read(signal: StopSignal): Promise<void> {
    await this.#count('read', signal, super.read(signal));
    if (!signal.aborted) this.onReadToEnd();
  }

  override write(signal: StopSignal): Promise<void> {
    return this.#count('write', signal, super.write(signal));
  }

  #count(loop: 'read' | 'write', signal: StopSignal, promise: Promise<void>): Promise<void> {
    this.#live[loop] += 1;
    this.max[loop] = Math.max(this.max[loop], this.#live[loop]);
    let isLive = true;
    const end = (): void => {
      if (isLive) this.#live[loop] -= 1;
      isLive = false;
    };
    signal.addEventListener('abort', end, { once: true });
    return promise.finally(end);
  }
}

const chart = createChart((link: CountingLink) => link);
const HELLO = 'hello';

/** Takes the steps of a walk, and checks the link after each. */
export class LinkRig {
  readonly link: CountingLink;
  readonly clock = new CountingClock();
  readonly actor: ActorRefFrom<typeof chart>;
  /** The stream of the current session, or of the last one. */
  stream = new ManualStream();
  /** The pending handler of this session, and one that is left of an earlier session. */
  handling: Gate | undefined;
  lateHandling: Gate | undefined;
  readonly variant: Variant;
  readonly history: string[] = [];
  readonly #streams: ManualStream[] = [];
  /** The messages that `send()` accepted. */
  #accepted: string[] = [];
  /** What the peer has sent. */
  #peerText = '';
  /** The messages that were given to the handler. */
  #handled: string[] = [];
  /** The number of messages that were certainly handed to the kernel. */
  #minDelivered = 0;
  #number = 0;
  /** The last error of the handler, and that as of the last check, which the outcome must have. */
  #latestHandlerError: Error | undefined;
  #settledHandlerError: Error | undefined;
  #isHandling = false;
  /**
   * Whether the stream's close was not awaited: a deadline passed, or the link did not have it yet.
   */
  #isCutShort = false;
  readonly #pending = new Set<Promise<unknown>>();
  readonly #problems: string[] = [];

  constructor(variant: Variant) {
    this.variant = variant;
    const limits = resolveLimits({ highWaterMark: 20 });
    this.link = new CountingLink(this.#definition(), { deadlines: DEADLINES, limits });
    this.link.onReadToEnd = () => {
      if (this.#handled.length !== this.#lines.length)
        this.#problems.push('a message was not handled');
    };
    this.actor = createActor(chart, { input: this.link, clock: this.clock });
    this.actor.on('closed', ({ outcome }) => {
      this.#checkOutcome(outcome);
    });
    this.actor.subscribe({ error: () => this.#problems.push('the machine has failed') });
    this.actor.start();
  }

  get state(): string {
    return pathOf(this.actor.getSnapshot().value);
  }

  sendEvent(event: ProtocolEvent<string>): void {
    this.actor.send(event);
  }

  connect(): void {
    if (this.state === 'IDLE') {
      this.stream = new ManualStream();
      this.#streams.push(this.stream);
      [this.lateHandling, this.handling] = [this.handling ?? this.lateHandling, undefined];
      [this.#latestHandlerError, this.#settledHandlerError] = [undefined, undefined];
      [this.#accepted, this.#peerText, this.#handled, this.#minDelivered] = [[], '', [], 0];
    }
    this.sendEvent({ type: 'CONNECT', address: { stream: this.stream } });
  }

  /** Sends a short or a large message, or one that cannot be encoded. */
  send(kind: 'short' | 'large' | 'bad'): void {
    this.#number += 1;
    const text = `${String(this.#number)}${kind === 'large' ? '.'.repeat(70_000) : ' short'}`;
    if (kind !== 'bad') this.#accepted.push(text);
    this.#track(this.link.send(kind === 'bad' ? 'two\nlines' : text));
  }

  /** The peer sends one numbered message, two, or a part of one. */
  peerSends(kind: 'line' | 'lines' | 'half'): void {
    this.#number += 1;
    const line = `message ${String(this.#number)}`;
    const text = { line: `${line}\n`, lines: `${line}\n${line} again\n`, half: line };
    this.#peerText += text[kind];
    this.stream.peerSends(text[kind]);
  }

  /** Resolves a pending handler, or rejects it. */
  handle(which: 'handling' | 'lateHandling', error?: Error): void {
    const handling = this[which];
    this[which] = undefined;
    if (which === 'handling') this.#latestHandlerError = error;
    if (error === undefined) handling?.open();
    else handling?.fail(error);
  }

  /** Asserts what must hold after every step, once all promises have settled. */
  check(): void {
    const { max } = this.link;
    this.#expectSame('at most one reader and writer', max.read <= 1 && max.write <= 1, true);
    this.#expectSame('problems', this.#problems.join(), '');
    this.#expectSame(
      'violations',
      this.#streams.flatMap(({ violations }) => violations).join(),
      '',
    );
    // Only the writer checks the stream before it writes; a handshake does not.
    const late = this.#streams.reduce((sum, { lateWrites }) => sum + lateWrites, 0);
    if (!this.variant.handshake) this.#expectSame('late writes', late, 0);
    const listeners = (name: string): number => this.stream.listenerCount(name);
    this.#expectSame(
      'at most one listener',
      listeners('drain') <= 1 && listeners('data') <= 1,
      true,
    );
    this.#checkWritten();
    this.#checkHandled();
    if (this.state === 'DISCONNECTING.closing') {
      this.#expectSame(
        'our side has ended',
        this.stream.writableEnded || this.stream.destroyed,
        true,
      );
    }
    if (this.state === 'IDLE') this.#checkIdle();
    else this.#settledHandlerError = this.#latestHandlerError;
  }

  /** Leads the machine to IDLE: the stream is destroyed as requested, or the deadline passes. */
  async returnToIdle(how: 'destroyed' | 'deadline'): Promise<void> {
    this.sendEvent({ type: 'DISCONNECT', force: true });
    await turn();
    if (how === 'deadline') this.clock.increment(DEADLINES.close);
    await turn();
    for (const stream of this.#streams) stream.settleDestroy();
    this.handle('handling');
    this.handle('lateHandling');
    await turn();
    this.#expectSame('the state', this.state, 'IDLE');
    this.check();
    this.#expectSame('pending promises', this.#pending.size, 0);
    const closes = this.#streams.map((stream) => stream.closes);
    this.#expectSame('closes', closes.join(), this.#streams.map(() => 1).join());
    this.actor.stop();
  }

  #definition(): ProtocolDefinition<string> {
    const { handshake, slow, disconnects = false } = this.variant;
    return {
      codec: lines(),
      onMessage: (message) => {
        if (this.#isHandling || this.handling !== undefined)
          this.#problems.push('two handlers at the same time');
        this.#handled.push(message);
        this.#isHandling = true;
        if (disconnects) this.sendEvent({ type: 'DISCONNECT' });
        this.#isHandling = false;
        if (!slow) return;
        this.handling = gate();
        return this.handling.opened;
      },
      ...(handshake && {
        handshake: async (session) => {
          await Promise.all([session.send(HELLO), session.receive()]);
        },
      }),
    };
  }

  #track(promise: Promise<unknown>): void {
    this.#pending.add(promise);
    const settled = (): void => {
      this.#pending.delete(promise);
    };
    promise.then(settled, (error: unknown) => {
      settled();
      if (!(error instanceof WirechartError))
        this.#problems.push(`not a WirechartError: ${String(error)}`);
    });
  }

  /** The complete messages that the peer has sent to the reader. */
  get #lines(): string[] {
    return this.#peerText.split('\n').slice(this.variant.handshake ? 1 : 0, -1);
  }

  get #hello(): readonly string[] {
    return this.variant.handshake ? [HELLO] : [];
  }

  /** The number of messages that the stream has confirmed, without that of the handshake. */
  get #confirmed(): number {
    return Math.max(0, this.stream.confirmed.split('\n').length - 1 - this.#hello.length);
  }

  /**
   * Each message is written at most once, in order, with no gap, and as soon as the stream is
   * ready.
   */
  #checkWritten(): void {
    const { stream, link } = this;
    const all = [...this.#hello, ...this.#accepted].map((message) => `${message}\n`).join('');
    if (!all.startsWith(stream.written))
      this.#expectSame('written', short(stream.written), short(all));
    const isReady = !stream.destroyed && stream.pending.write === undefined;
    if (isReady && this.state.startsWith('RUNNING')) {
      this.#expectSame('characters written', stream.written.length, all.length);
    }
    if (stream.destroyed || this.state === 'IDLE') return;
    this.#minDelivered = this.#confirmed;
    this.#expectSame('undelivered', link.undelivered, this.#accepted.length - this.#minDelivered);
  }

  #checkHandled(): void {
    const sent = this.#lines;
    const handled = this.#handled.join();
    this.#expectSame('handled messages', handled, sent.slice(0, this.#handled.length).join());
    if (this.link.isReading && this.handling === undefined && !this.stream.destroyed) {
      this.#expectSame('all messages', handled, sent.join());
      this.#expectSame('an ignored end', this.stream.readableEnded, false);
    }
  }

  #checkOutcome({ undelivered, cause, suppressed }: SessionOutcome): void {
    const most = this.#accepted.length - this.#minDelivered;
    const least = this.#accepted.length - this.#confirmed;
    if (undelivered < least)
      this.#problems.push(
        `${String(undelivered)} of ${String(least)} undelivered messages are counted`,
      );
    if (undelivered > most)
      this.#problems.push(
        `${String(undelivered)} of ${String(most)} counted messages are undelivered`,
      );
    const typed = [...suppressed, ...(cause ? [cause] : [])];
    const isReported = typed.some((error) => error.cause === this.#settledHandlerError);
    this.#isCutShort = typed.some(isCut);
    if (!isReported && this.#settledHandlerError && !this.#isCutShort)
      this.#problems.push('a failure is not reported');
    if (!typed.every((error) => error instanceof WirechartError))
      this.#problems.push('an error is not a WirechartError');
  }

  #checkIdle(): void {
    this.#expectSame('timers', this.clock.timers, 0);
    this.#expectSame('still reading', this.link.isReading, false);
    this.#expectSame('pending promises', this.#pending.size, 0);
    const open = this.#streams.filter(({ destroyed }) => !destroyed);
    this.#expectSame('open streams', open.length, 0);
    if (!this.#isCutShort && this.#streams.length > 0)
      this.#expectSame('closes', this.stream.closes, 1);
  }

  /** As `expect().toBe()`, which is too slow for so many checks. */
  #expectSame<T>(what: string, actual: T, expected: T): void {
    if (actual === expected) return;
    expect(actual, `${this.history.join('; ')}: ${what}`).toBe(expected);
  }
}

const isCut = (error: WirechartError): boolean =>
  error instanceof TimeoutError || (error instanceof ConnectError && error.phase === 'connection');

const short = (text: string): string => JSON.stringify(text.replaceAll(/\.{9,}/g, '…'));
