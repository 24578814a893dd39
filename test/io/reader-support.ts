/** Starts reader loops over streams to which a test delivers bytes. */

import { lines } from '../../src/index.ts';
import { Inbound } from '../../src/io/inbound.ts';
import { type Handle, readLoop } from '../../src/io/reader.ts';
import { Turns } from '../../src/io/turn.ts';
import { Stopper } from '../../src/async/stop-signal.ts';
import { Source } from './source.ts';

/** Starts a loop, and collects the messages that it hands over; `read` starts the next loop. */
export function startReader(handle: Handle<string> = () => undefined, turns = new Turns()) {
  const stream = new Source();
  const inbound = new Inbound(stream, lines().createDecoder({}), { maxMessageBytes: Infinity });
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
      () => undefined,
      turns,
    );
    loop.catch(() => undefined);
    return { signal, loop };
  };
  return { stream, inbound, handled, read, ...read() };
}
