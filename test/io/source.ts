/** A stream that says what a test tells it to. */

import { Duplex } from 'node:stream';
import { turn } from '../support/signal.ts';

/** See the module's comment. */
export class Source extends Duplex {
  constructor() {
    super({ highWaterMark: 1 });
    this.on('error', () => undefined);
  }

  override _read(): void {
    // What it says is pushed.
  }

  /** Says it, `null` being the end, and lets it arrive. */
  async say(...chunks: (string | null)[]): Promise<void> {
    for (const chunk of chunks) this.push(chunk);
    await turn();
  }
}
