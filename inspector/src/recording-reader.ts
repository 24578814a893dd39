/** Opens recordings by replaying their messages. */

import { BoundError, BOUNDS, tooMany } from './bounds.ts';
import { parseObject } from './checks.ts';
import type { Hub } from './hub.ts';
import type { Program } from './program.ts';
import { Turns } from './turns.ts';

type Chunks = AsyncIterable<string> | Iterable<string>;

/** Adds recordings to the hub. */
export class RecordingReader {
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** See `Inspector.open`. */
  async open(name: string, chunks: Chunks): Promise<void> {
    let program: Program | undefined;
    for await (const line of linesOf(chunks)) {
      if (this.#hub.isClosed) throw new Error('The inspector was closed');
      if (program === undefined) {
        const introduction = introductionOf(line, name);
        program = this.#hub.newProgram('recording');
        program.receive(introduction);
      } else {
        program.receive(line);
      }
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

/**
 * The lines of a recording, except for empty ones. Their handling and the search for them are divided
 * into turns.
 *
 * @throws {BoundError} When a line, or the whole recording, is too long.
 */
async function* linesOf(chunks: Chunks): AsyncGenerator<string> {
  const turns = new Turns();
  const { lineCharacters, characters } = BOUNDS.recording;
  let [rest, read] = ['', 0];
  for await (const chunk of chunks) {
    read += chunk.length;
    if (read > characters) throw tooMany('The recording', characters, 'characters');
    let start = 0;
    while (start < chunk.length) {
      const newline = chunk.indexOf('\n', start);
      const end = newline < 0 ? chunk.length : newline;
      if (rest.length + end - start > lineCharacters) {
        const limit = String(lineCharacters);
        throw new BoundError(`The recording has a line of more than ${limit} characters`);
      }
      const line = rest + chunk.slice(start, end);
      if (newline >= 0 && line !== '') yield line;
      rest = newline < 0 ? line : '';
      if (turns.isOverAfter(end + 1 - start)) await turns.next();
      start = end + 1;
    }
  }
  if (rest !== '') yield rest;
}
