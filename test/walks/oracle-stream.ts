/** A stream whose every move a walk decides, and which writes down what was done to it. */

import { Duplex } from 'node:stream';

type Done = (error?: Error | null) => void;

/** What it has been told to do, and has not done yet. */
interface Pending {
  write?: { readonly text: string; readonly done: Done };
  final?: Done;
  destroy?: () => void;
}

/** See the module's comment. The side that is tested holds it; all methods of ours are the world's. */
export class OracleStream extends Duplex {
  /** All that was written, and of it what was confirmed as long as the stream was whole. */
  written = '';
  confirmed = '';
  /** What must not be done to a stream and was. */
  readonly breaches: string[] = [];
  /** How often it was written to when it had gone by itself: nobody need have heard of that yet. */
  lateWrites = 0;
  closes = 0;
  readonly #pending: Pending = {};
  #ends = 0;
  #isOver = false;
  #isDestroyed = false;

  constructor() {
    super({ allowHalfOpen: true });
    this.on('close', () => (this.closes += 1));
  }

  /** What it could do now. */
  get pending(): Readonly<Pending> {
    return this.#pending;
  }

  /** Whether the peer can still say anything. */
  get canTalk(): boolean {
    return !this.#isOver && !this.destroyed;
  }

  /** Confirms the write under way, or fails it. */
  settleWrite(error?: Error): void {
    const { write } = this.#pending;
    delete this.#pending.write;
    if (error === undefined && !this.destroyed) this.confirmed += write?.text ?? '';
    write?.done(error);
  }

  /** Confirms that our side has ended. */
  settleEnd(): void {
    const { final } = this.#pending;
    delete this.#pending.final;
    final?.();
  }

  /** Confirms that it is closed. */
  settleDestroy(): void {
    const { destroy } = this.#pending;
    delete this.#pending.destroy;
    destroy?.();
  }

  /** The peer's words, and its end. */
  say(text: string): void {
    this.push(text);
  }
  sayEnd(): void {
    this.#isOver = true;
    this.push(null);
  }

  /** It goes by itself, for a reason or for none. */
  vanish(error?: Error): void {
    super.destroy(error);
  }

  override destroy(error?: Error): this {
    if (!this.destroyed) this.#isDestroyed = true;
    return super.destroy(error);
  }

  override write(...args: unknown[]): boolean {
    if (this.#ends > 0) this.breaches.push('written after its end');
    if (this.#isDestroyed) this.breaches.push('written after its destruction');
    else if (this.destroyed) this.lateWrites += 1;
    // Several in one go are asked about once.
    if (this.writableNeedDrain && this.writableCorked === 0) {
      this.breaches.push('written to while it asks to wait');
    }
    return super.write(...(args as Parameters<Duplex['write']>));
  }

  override end(...args: unknown[]): this {
    this.#ends += 1;
    if (this.#ends > 1) this.breaches.push('ended twice');
    if (this.destroyed) this.breaches.push('ended after its destruction');
    return super.end(...(args as Parameters<Duplex['end']>));
  }

  override _read(): void {
    // The world says what it wants, and when.
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: Done): void {
    const text = chunk.toString();
    this.written += text;
    this.#pending.write = { text, done };
  }

  override _final(done: Done): void {
    this.#pending.final = done;
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#pending.destroy = () => {
      done(error);
    };
  }
}
