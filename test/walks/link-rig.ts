/** The real machine on the real link, over a stream that does only what a walk says. */

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
import { OracleStream } from './oracle-stream.ts';

/** What differs between the protocols that are walked. */
export interface Manners {
  /** Whether there is a handshake: a word there and a word back. */
  readonly handshake: boolean;
  /** Whether a message takes its handler until the walk says so. */
  readonly slow: boolean;
  /** Whether the handler disconnects while it stands on the stack. */
  readonly leaves?: boolean;
}

/** Tells how many readers and writers are at work. */
class WatchedLink extends StreamLink<string, string> {
  readonly #live = { read: 0, write: 0 };
  /** The most at one time. */
  readonly most = { read: 0, write: 0 };
  /** Told when a reader has come to the end. */
  onReadToEnd: () => void = () => undefined;

  get isRead(): boolean {
    return this.#live.read > 0;
  }

  override async read(signal: StopSignal): Promise<void> {
    await this.#watch('read', signal, super.read(signal));
    if (!signal.aborted) this.onReadToEnd();
  }

  override write(signal: StopSignal): Promise<void> {
    return this.#watch('write', signal, super.write(signal));
  }

  #watch(loop: 'read' | 'write', signal: StopSignal, promise: Promise<void>): Promise<void> {
    this.#live[loop] += 1;
    this.most[loop] = Math.max(this.most[loop], this.#live[loop]);
    let isLive = true;
    const end = (): void => {
      if (isLive) this.#live[loop] -= 1;
      isLive = false;
    };
    signal.addEventListener('abort', end, { once: true });
    return promise.finally(end);
  }
}

const chart = createChart((link: WatchedLink) => link);
const HELLO = 'hello';

/** See the module's comment. */
export class LinkRig {
  readonly link: WatchedLink;
  readonly clock = new CountingClock();
  readonly actor: ActorRefFrom<typeof chart>;
  /** Of the session under way, or of the last one. */
  stream = new OracleStream();
  /** What the handler still does, in this session and for one that is over. */
  handling: Gate | undefined;
  former: Gate | undefined;
  readonly manners: Manners;
  readonly story: string[] = [];
  readonly #streams: OracleStream[] = [];
  #accepted: string[] = [];
  #said = '';
  #handled: string[] = [];
  /** How many messages are certain to be with the kernel. */
  #certain = 0;
  #number = 0;
  /** What the handler has failed with, now and while all was quiet after it: of that the outcome must tell. */
  #fails: Error | undefined;
  #failure: Error | undefined;
  #isHandling = false;
  /** Whether its end was not waited for: by a deadline, or because the link did not have the stream yet. */
  #isCutShort = false;
  readonly #open = new Set<Promise<unknown>>();
  readonly #faults: string[] = [];

  constructor(manners: Manners) {
    this.manners = manners;
    const limits = resolveLimits({ highWaterMark: 20 });
    this.link = new WatchedLink(this.#definition(), { deadlines: DEADLINES, limits });
    this.link.onReadToEnd = () => {
      if (this.#handled.length !== this.#lines.length) this.#faults.push('a message was left');
    };
    this.actor = createActor(chart, { input: this.link, clock: this.clock });
    this.actor.on('closed', ({ outcome }) => {
      this.#checkOutcome(outcome);
    });
    this.actor.subscribe({ error: () => this.#faults.push('the machine died') });
    this.actor.start();
  }

  get place(): string {
    return pathOf(this.actor.getSnapshot().value);
  }

  give(event: ProtocolEvent): void {
    this.actor.send(event);
  }

  connect(): void {
    if (this.place === 'IDLE') {
      this.stream = new OracleStream();
      this.#streams.push(this.stream);
      [this.former, this.handling] = [this.handling ?? this.former, undefined];
      [this.#fails, this.#failure] = [undefined, undefined];
      [this.#accepted, this.#said, this.#handled, this.#certain] = [[], '', [], 0];
    }
    this.give({ type: 'CONNECT', address: { stream: this.stream } });
  }

  /** Sends a message of so many characters, or one that cannot be encoded. */
  send(kind: 'short' | 'large' | 'bad'): void {
    this.#number += 1;
    const text = `${String(this.#number)}${kind === 'large' ? '.'.repeat(70_000) : ' short'}`;
    if (kind !== 'bad') this.#accepted.push(text);
    this.#keep(this.link.send(kind === 'bad' ? 'two\nlines' : text));
  }

  /** The peer says a piece of text: each message is numbered, and may be cut. */
  say(kind: 'line' | 'lines' | 'half'): void {
    this.#number += 1;
    const line = `said ${String(this.#number)}`;
    const text = { line: `${line}\n`, lines: `${line}\n${line} again\n`, half: line };
    this.#said += text[kind];
    this.stream.say(text[kind]);
  }

  handle(which: 'handling' | 'former', error?: Error): void {
    const handling = this[which];
    this[which] = undefined;
    if (which === 'handling') this.#fails = error;
    if (error === undefined) handling?.open();
    else handling?.fail(error);
  }

  /** What must hold after every step, once all is quiet. */
  check(): void {
    const { most } = this.link;
    this.#same('loops at one time', most.read <= 1 && most.write <= 1, true);
    this.#same('faults', this.#faults.join(), '');
    this.#same('breaches', this.#streams.flatMap(({ breaches }) => breaches).join(), '');
    // A handshake writes when its author wants; the writer looks before.
    const late = this.#streams.reduce((sum, { lateWrites }) => sum + lateWrites, 0);
    if (!this.manners.handshake) this.#same('late writes', late, 0);
    const listeners = (name: string): number => this.stream.listenerCount(name);
    this.#same('listeners', listeners('drain') <= 1 && listeners('data') <= 1, true);
    this.#checkWritten();
    this.#checkHeard();
    if (this.place === 'DISCONNECTING.closing') {
      this.#same('our end', this.stream.writableEnded || this.stream.destroyed, true);
    }
    if (this.place === 'IDLE') this.#checkHome();
    else this.#failure = this.#fails;
  }

  /** Brings it home from wherever it is, by the world's good will or by the deadline. */
  async goHome(how: 'destroyed' | 'deadline'): Promise<void> {
    this.give({ type: 'DISCONNECT', force: true });
    await turn();
    if (how === 'deadline') this.clock.increment(DEADLINES.close);
    await turn();
    for (const stream of this.#streams) stream.settleDestroy();
    this.handle('handling');
    this.handle('former');
    await turn();
    this.#same('the end', this.place, 'IDLE');
    this.check();
    this.#same('open promises', this.#open.size, 0);
    const closes = this.#streams.map((stream) => stream.closes);
    this.#same('closes', closes.join(), this.#streams.map(() => 1).join());
    this.actor.stop();
  }

  #definition(): ProtocolDefinition<string> {
    const { handshake, slow, leaves = false } = this.manners;
    return {
      codec: lines(),
      onMessage: (message) => {
        if (this.#isHandling || this.handling !== undefined) this.#faults.push('two at one time');
        this.#handled.push(message);
        this.#isHandling = true;
        if (leaves) this.give({ type: 'DISCONNECT' });
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

  #keep(promise: Promise<unknown>): void {
    this.#open.add(promise);
    const settled = (): void => {
      this.#open.delete(promise);
    };
    promise.then(settled, (error: unknown) => {
      settled();
      if (!(error instanceof WirechartError)) this.#faults.push(`bare: ${String(error)}`);
    });
  }

  /** The whole messages that the peer has said to the reader. */
  get #lines(): string[] {
    return this.#said.split('\n').slice(this.manners.handshake ? 1 : 0, -1);
  }

  get #hello(): readonly string[] {
    return this.manners.handshake ? [HELLO] : [];
  }

  /** How many messages the stream has confirmed, the one of the handshake apart. */
  get #confirmed(): number {
    return Math.max(0, this.stream.confirmed.split('\n').length - 1 - this.#hello.length);
  }

  /** At most once, in order, none left out, and none held back when the stream would take it. */
  #checkWritten(): void {
    const { stream, link } = this;
    const all = [...this.#hello, ...this.#accepted].map((message) => `${message}\n`).join('');
    if (!all.startsWith(stream.written)) this.#same('written', short(stream.written), short(all));
    const isFree = !stream.destroyed && stream.pending.write === undefined;
    if (isFree && this.place.startsWith('RUNNING')) {
      this.#same('characters written', stream.written.length, all.length);
    }
    if (stream.destroyed || this.place === 'IDLE') return;
    this.#certain = this.#confirmed;
    this.#same('undelivered', link.undelivered, this.#accepted.length - this.#certain);
  }

  #checkHeard(): void {
    const said = this.#lines;
    const heard = this.#handled.join();
    this.#same('heard', heard, said.slice(0, this.#handled.length).join());
    if (this.link.isRead && this.handling === undefined && !this.stream.destroyed) {
      this.#same('all heard', heard, said.join());
      this.#same('the end unheard', this.stream.readableEnded, false);
    }
  }

  #checkOutcome({ undelivered, cause, suppressed }: SessionOutcome): void {
    const most = this.#accepted.length - this.#certain;
    const least = this.#accepted.length - this.#confirmed;
    if (undelivered < least)
      this.#faults.push(`${String(undelivered)} of ${String(least)} are told of`);
    if (undelivered > most) this.#faults.push(`${String(undelivered)} of ${String(most)} are lost`);
    const typed = [...suppressed, ...(cause ? [cause] : [])];
    const isTold = typed.some((error) => error.cause === this.#failure);
    this.#isCutShort = typed.some(isCut);
    if (!isTold && this.#failure && !this.#isCutShort) this.#faults.push('a failure is untold');
    if (!typed.every((error) => error instanceof WirechartError)) this.#faults.push('a bare error');
  }

  #checkHome(): void {
    this.#same('timers', this.clock.timers, 0);
    this.#same('read on', this.link.isRead, false);
    this.#same('open promises', this.#open.size, 0);
    const left = this.#streams.filter(({ destroyed }) => !destroyed);
    this.#same('left open', left.length, 0);
    if (!this.#isCutShort && this.#streams.length > 0) this.#same('closes', this.stream.closes, 1);
  }

  /** As `expect()`, which costs too much for so many. */
  #same<T>(what: string, is: T, should: T): void {
    if (is !== should) expect(is, `${this.story.join('; ')}: ${what}`).toBe(should);
  }
}

const isCut = (error: WirechartError): boolean =>
  error instanceof TimeoutError || (error instanceof ConnectError && error.phase === 'connection');

const short = (text: string): string => JSON.stringify(text.replaceAll(/\.{9,}/g, '…'));
