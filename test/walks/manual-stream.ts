/** A stream that a walk operates by hand, and that records every misuse. */

import { Duplex } from 'node:stream';

type Done = (error?: Error | null) => void;

/** The operations that were called and are not done yet. */
interface Pending {
  write?: { readonly text: string; readonly done: Done };
  final?: Done;
  destroy?: () => void;
}

/** The code under test uses it as a Duplex; the walk calls the other methods. */
export class ManualStream extends Duplex {
  /**
   * All text that was written, and the part whose write was confirmed before the stream was
   * destroyed.
   */
  written = '';
  confirmed = '';
  /** The misuses of the stream. */
  readonly violations: string[] = [];
  /**
   * The writes after it was destroyed by the peer; not a misuse, as the writer may not know that
   * yet.
   */
  lateWrites = 0;
  closes = 0;
  readonly #pending: Pending = {};
  #ends = 0;
  #hasPeerEnded = false;
  #isDestroyed = false;

  constructor() {
    super({ allowHalfOpen: true });
    this.on('close', () => (this.closes += 1));
  }

  /** The operations that the walk can settle. */
  get pending(): Readonly<Pending> {
    return this.#pending;
  }

  /** Whether the peer can still send. */
  get canPeerSend(): boolean {
    return !this.#hasPeerEnded && !this.destroyed;
  }

  /** Confirms the pending write, or fails it. */
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

  /** The peer sends text. */
  peerSends(text: string): void {
    this.push(text);
  }

  /** The peer ends its side. */
  peerEnds(): void {
    this.#hasPeerEnded = true;
    this.push(null);
  }

  /** The stream closes for an outside reason: with an error, or without. */
  destroyByPeer(error?: Error): void {
    super.destroy(error);
  }

  override destroy(error?: Error): this {
    if (!this.destroyed) this.#isDestroyed = true;
    return super.destroy(error);
  }

  override write(...args: unknown[]): boolean {
    if (this.#ends > 0) this.violations.push('written after its end');
    if (this.#isDestroyed) this.violations.push('written after its destruction');
    else if (this.destroyed) this.lateWrites += 1;
    // Several writes in one batch (corked) check only before the first.
    if (this.writableNeedDrain && this.writableCorked === 0) {
      this.violations.push('written to while it needs a drain');
    }
    return super.write(...(args as Parameters<Duplex['write']>));
  }

  override end(...args: unknown[]): this {
    this.#ends += 1;
    if (this.#ends > 1) this.violations.push('ended twice');
    if (this.destroyed) this.violations.push('ended after its destruction');
    return super.end(...(args as Parameters<Duplex['end']>));
  }

  override _read(): void {
    // The walk pushes data when it wants to.
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
