/** Reader loops over streams that say what they are told to. */

import { lines } from '../../src/index.ts';
import { Inbound } from '../../src/io/inbound.ts';
import { type Handle, readLoop } from '../../src/io/reader.ts';
import { Stopper } from '../../src/async/stop-signal.ts';
import { Source } from './source.ts';

/** A loop at work, and what it has handed over. */
export function startReader(handle: Handle<string> = () => undefined) {
  const stream = new Source();
  const inbound = new Inbound(stream, lines().createDecoder({}));
  const handled: string[] = [];
  const read = () => {
    const signal = new Stopper();
    const loop = readLoop(
      inbound,
      (message) => {
        handled.push(message);
        return handle(message);
      },
      signal,
    );
    loop.catch(() => undefined);
    return { signal, loop };
  };
  return { stream, inbound, handled, read, ...read() };
}
