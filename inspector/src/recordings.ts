/** Recordings, as if their programs told everything now. */

import { parseObject } from './checks.ts';
import type { Hub } from './hub.ts';
import type { Program } from './program.ts';

/** One line of a recording, in characters. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;
/** How long others wait for their turn, in ms. */
const MAX_TURN_MS = 10;

/** See the module's comment. */
export class Recordings {
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** See `Inspector.open`. */
  async open(name: string, pieces: AsyncIterable<string> | Iterable<string>): Promise<void> {
    let program: Program | undefined;
    let turn = performance.now() + MAX_TURN_MS;
    for await (const line of linesOf(pieces)) {
      if (this.#hub.isClosed) throw new Error('The inspector was closed');
      if (program === undefined) {
        const introduction = introductionOf(line, name);
        program = this.#hub.newProgram('recording');
        program.take(introduction);
      } else {
        program.take(line);
      }
      if (performance.now() < turn) continue;
      await new Promise(setImmediate);
      turn = performance.now() + MAX_TURN_MS;
    }
    if (program === undefined) throw new TypeError('It is empty');
  }
}

/**
 * A recording's first line, with the file's name, which says more than the program's.
 *
 * @throws {TypeError} When the line does not begin a recording.
 */
function introductionOf(line: string, name: string): string {
  if (!line.startsWith('{"type":"wirechart.program","version":1,')) {
    throw new TypeError('It is no recording of wirechart: its first line does not say so');
  }
  return JSON.stringify({ ...parseObject(line), name: name.slice(0, 200), control: false });
}

/** @throws {TypeError} When a line never ends. */
async function* linesOf(pieces: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let line = '';
  for await (const piece of pieces) {
    const [end = '', ...begun] = piece.split('\n');
    line += end;
    for (const next of begun) {
      if (line !== '') yield line;
      line = next;
    }
    if (line.length > MAX_LINE_BYTES) throw new TypeError('It has a line that is too long');
  }
  if (line !== '') yield line;
}
