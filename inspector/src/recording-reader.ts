/** Opens recordings by replaying their messages. */

import { parseObject } from './checks.ts';
import type { Hub } from './hub.ts';
import type { Program } from './program.ts';

/** A longer line is an error. */
const MAX_LINE_CHARACTERS = 32 * 1024 * 1024;
/** After this time, other tasks of the event loop get a turn. */
const MAX_TURN_MS = 10;

/** Adds recordings to the hub. */
export class RecordingReader {
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** See `Inspector.open`. */
  async open(name: string, chunks: AsyncIterable<string> | Iterable<string>): Promise<void> {
    let program: Program | undefined;
    let turn = performance.now() + MAX_TURN_MS;
    for await (const line of linesOf(chunks)) {
      if (this.#hub.isClosed) throw new Error('The inspector was closed');
      if (program === undefined) {
        const introduction = introductionOf(line, name);
        program = this.#hub.newProgram('recording');
        program.receive(introduction);
      } else {
        program.receive(line);
      }
      if (performance.now() < turn) continue;
      await new Promise(setImmediate);
      turn = performance.now() + MAX_TURN_MS;
    }
    if (program === undefined) throw new TypeError('The recording is empty');
  }
}

/**
 * A recording's first line, with the program's name replaced by that of the file.
 *
 * @throws {TypeError} When it is not the first line of a recording.
 */
function introductionOf(line: string, name: string): string {
  if (!line.startsWith('{"type":"wirechart.program","version":1,')) {
    throw new TypeError(
      "This is not a wirechart recording: its first line must be a 'wirechart.program' of version 1",
    );
  }
  return JSON.stringify({ ...parseObject(line), name: name.slice(0, 200), control: false });
}

/** @throws {TypeError} When a line is too long. */
async function* linesOf(chunks: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let line = '';
  for await (const chunk of chunks) {
    const [end = '', ...starts] = chunk.split('\n');
    line += end;
    for (const start of starts) {
      if (line !== '') yield line;
      line = start;
    }
    if (line.length > MAX_LINE_CHARACTERS) {
      const limit = String(MAX_LINE_CHARACTERS);
      throw new TypeError(`The recording has a line of more than ${limit} characters`);
    }
  }
  if (line !== '') yield line;
}
