/** Recordings, as if their programs told everything now. */

import type { Hub } from './hub.ts';
import type { Program } from './program.ts';

/** One line of a recording, in characters. */
const LONGEST_LINE = 32 * 1024 * 1024;
/** Lines that are read before others get their turn. */
const TURN = 500;

/** See the module's comment. */
export class Recordings {
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** See `Inspector.open`. */
  async open(name: string, pieces: AsyncIterable<string> | Iterable<string>): Promise<void> {
    let program: Program | undefined;
    let count = 0;
    for await (const line of linesOf(pieces)) {
      if (program === undefined) {
        requireRecording(line);
        program = this.#hub.newProgram('recording');
        program.take(renamed(line, name));
      } else {
        program.take(line);
      }
      count += 1;
      if (count % TURN === 0) await new Promise(setImmediate);
    }
    if (program === undefined) throw new TypeError('It is empty');
  }
}

/** @throws {TypeError} When the line does not begin a recording. */
function requireRecording(line: string): void {
  if (line.startsWith('{"type":"wirechart.program","version":1,')) return;
  throw new TypeError('It is no recording of wirechart: its first line does not say so');
}

/** The introduction, with the file's name, which says more than the program's. */
function renamed(introduction: string, name: string): string {
  const said: unknown = JSON.parse(introduction);
  return JSON.stringify({ ...(typeof said === 'object' ? said : {}), name, control: false });
}

/** @throws {TypeError} When a line never ends. */
async function* linesOf(pieces: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) throw new TypeError('It has a line that is too long');
    yield* lines.filter((line) => line !== '');
  }
  if (rest !== '') yield rest;
}
