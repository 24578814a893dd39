/** A stream to which a test delivers inbound bytes. */

import { Duplex } from 'node:stream';
import { turn } from '../support/signal.ts';

/** Its writable side is not used. */
export class Source extends Duplex {
  constructor() {
    super({ highWaterMark: 1 });
    this.on('error', () => undefined);
  }

  override _read(): void {
    // The test pushes.
  }

  /** Pushes chunks (`null` is the end of stream), and waits until they have arrived. */
  async deliver(...chunks: (string | null)[]): Promise<void> {
    for (const chunk of chunks) this.push(chunk);
    await turn();
  }
}
