/**
 * Opens recordings by replaying their messages, each through the receiver of @xstate/inspect, as if a
 * program sent it. Of the time that this takes, its parsing of each state is a tenth.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { BoundError, BOUNDS, tooMany } from './bounds.ts';
import { parseObject } from './checks.ts';
import type { Hub } from './hub.ts';
import type { Program } from './program.ts';
import { Turns } from './turns.ts';

type Chunks = AsyncIterable<string> | Iterable<string>;

/** The name of a recording is that of a file. */
const MAX_NAME_CHARACTERS = 200;
/** Pages are told how far a recording has been read each time that this many more bytes have been. */
const PROGRESS_BYTES = 1024 * 1024;
/** How long a recording waits for pages that are behind: each time, and how often. */
const PAGE_DELAY_MS = 20;
const MAX_PAGE_DELAYS = 250;

/** Adds recordings to the hub. */
export class RecordingReader {
  readonly #hub: Hub;
  #count = 0;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** See `Inspector.open`. */
  async open(name: string, chunks: Chunks): Promise<void> {
    this.#count += 1;
    const shown = name.slice(0, MAX_NAME_CHARACTERS);
    const progress = new Progress(this.#hub, this.#count, shown);
    let program: Program | undefined;
    try {
      for await (const line of linesOf(chunks, progress)) {
        if (this.#hub.isClosed) throw new Error('The inspector was closed');
        if (program === undefined) program = this.#begin(line, shown);
        else if (this.#hub.programs.has(program.id)) program.receive(line);
        else throw new Error('The recording was forgotten while it was read');
      }
    } finally {
      progress.end();
    }
    if (program === undefined) throw new TypeError('The recording is empty');
  }

  #begin(line: string, name: string): Program {
    const introduction = introductionOf(line, name);
    const program = this.#hub.newProgram('recording');
    program.receive(introduction);
    return program;
  }
}

/** How far a recording has been read. Small ones are not worth a message. */
class Progress {
  readonly #hub: Hub;
  readonly #id: number;
  readonly #name: string;
  #bytes = 0;
  #told = 0;
  #delays = MAX_PAGE_DELAYS;

  constructor(hub: Hub, id: number, name: string) {
    this.#hub = hub;
    this.#id = id;
    this.#name = name;
  }

  add(line: string): void {
    this.#bytes += Buffer.byteLength(line) + 1;
  }

  /** Tells the pages, and waits for those that are behind: they would get all of it again otherwise. */
  async pause(): Promise<void> {
    if (this.#bytes >= this.#told + PROGRESS_BYTES) this.#tell(false);
    while (this.#hub.isBehind && this.#delays > 0 && !this.#hub.isClosed) {
      this.#delays -= 1;
      await delay(PAGE_DELAY_MS);
    }
  }

  end(): void {
    if (this.#told > 0) this.#tell(true);
  }

  #tell(isDone: boolean): void {
    this.#told = this.#bytes;
    const [id, name, bytes] = [this.#id, this.#name, this.#bytes];
    this.#hub.opening({ type: 'opening', id, name, bytes, isDone });
  }
}

const NOT_A_RECORDING = 'This is not a wirechart recording';

/**
 * A recording's first line, with the program's name replaced by that of the file.
 *
 * @throws {TypeError} When it is not the first line of a recording.
 */
function introductionOf(line: string, name: string): string {
  if (!line.startsWith('{"type":"wirechart.program","version":1,'))
    throw new TypeError(whyNot(line));
  return JSON.stringify({ ...parseObject(line), name, control: false });
}

/** What a file is, if it is not a recording: what people pass most often. */
function whyNot(line: string): string {
  if (/^\x1f[\x8b\ufffd]/.test(line))
    return `${NOT_A_RECORDING}: it is compressed; unpack it with gunzip`;
  if (/^(?:\ufffd{2}|.?\0)/.test(line))
    return `${NOT_A_RECORDING}: it is not UTF-8; if it is text in UTF-16, save it as UTF-8`;
  if (/^\{"type":"(?:service\.|wirechart\.(?!program"))/.test(line))
    return `${NOT_A_RECORDING}: its beginning is missing; its first line must be a 'wirechart.program' of version 1`;
  return `${NOT_A_RECORDING}: its first line must be a 'wirechart.program' of version 1`;
}

/**
 * The lines of a recording, except for empty ones. Their handling and the search for them are divided
 * into turns.
 *
 * @throws {BoundError} When a line, or the whole recording, is too long.
 */
async function* linesOf(chunks: Chunks, progress: Progress): AsyncGenerator<string> {
  const turns = new Turns();
  const { lineCharacters, characters } = BOUNDS.recording;
  let [rest, read] = ['', 0];
  for await (const chunk of chunks) {
    // Some editors begin a file with a byte order mark.
    let start = read === 0 && chunk.startsWith('\ufeff') ? 1 : 0;
    read += chunk.length;
    if (read > characters) throw tooMany('The recording', characters, 'characters');
    while (start < chunk.length) {
      const newline = chunk.indexOf('\n', start);
      const end = newline < 0 ? chunk.length : newline;
      if (rest.length + end - start > lineCharacters) {
        const limit = String(lineCharacters);
        throw new BoundError(`The recording has a line of more than ${limit} characters`);
      }
      const line = rest + chunk.slice(start, end);
      if (newline >= 0) progress.add(line);
      if (newline >= 0 && line !== '') yield line;
      rest = newline < 0 ? line : '';
      if (turns.isOverAfter(end + 1 - start)) {
        await turns.next();
        await progress.pause();
      }
      start = end + 1;
    }
  }
  if (rest !== '') yield rest;
}
