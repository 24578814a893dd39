/**
 * The way from a program to a file: a recording, which an inspector can open later.
 *
 * One JSON text a line, as on the wire (`wire.ts`). The file is bounded: when it is full it is renamed
 * to `….1` and begun anew with what there is at that time, so that each of the two can be read alone.
 * Lines are written together, a few times a second, and the last of them when the program exits by
 * whatever way lets JavaScript run. A disk that refuses ends the recording, with a warning.
 */

import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import { ArgumentError, describe } from '../errors.ts';
import { Feed } from './feed.ts';
import { type Inspection, introduction, type ReportOptions } from './inspection.ts';

/** What is recorded, and how much of it. */
export interface RecordOptions extends ReportOptions {
  /**
   * The size at which the file is put aside and begun anew, in bytes. One that was put aside before is
   * replaced, so twice as much is on the disk at most. Default 64 MiB (67 108 864).
   */
  readonly maxBytes?: number | undefined;
}

const MAX_BYTES = 64 * 1024 * 1024;
/** Lines wait for each other up to this size, in characters, … */
const BATCH = 64 * 1024;
/** … and this long, in ms. */
const BATCH_MS = 200;

/**
 * Records to a file, from now on. A file that is there already is put aside as `….1`. Only its owner
 * can read it: a recording holds what your machines hold, but for what `sanitize` replaces.
 *
 * @param path - Where to. `%p` stands for the process id.
 * @returns At once. Pass its `inspect` to what is to be recorded.
 * @throws {ArgumentError} When the file cannot be made, or an option cannot be used.
 */
export function recordTo(path: string, options: RecordOptions = {}): Inspection {
  const { maxBytes = MAX_BYTES } = options;
  if (!(maxBytes >= BATCH)) {
    throw new ArgumentError(
      `maxBytes is ${String(maxBytes)}; it must be a number of bytes, ${String(BATCH)} or more`,
    );
  }
  const feed = new Feed(options.sanitize);
  const recording = new Recording(path.replaceAll('%p', String(process.pid)), feed, {
    ...options,
    maxBytes,
  });
  const close = () => {
    recording.close();
    return Promise.resolve();
  };
  return { inspect: feed.inspect, close, [Symbol.asyncDispose]: close };
}

/** See the module's comment. */
class Recording {
  readonly #path: string;
  readonly #feed: Feed;
  readonly #name: string | undefined;
  readonly #maxBytes: number;
  #file: number | undefined;
  #written = 0;
  #lines: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, feed: Feed, options: RecordOptions & { readonly maxBytes: number }) {
    this.#path = path;
    this.#feed = feed;
    this.#name = options.name;
    this.#maxBytes = options.maxBytes;
    try {
      this.#begin();
    } catch (error) {
      throw new ArgumentError(`Nothing can be recorded to ${path}: ${describe(error)}`, {
        cause: error,
      });
    }
    process.on('exit', this.#flush);
    feed.add(this.#sink);
  }

  close(): void {
    if (this.#file === undefined) return;
    this.#flush();
    this.#end();
  }

  readonly #sink = (line: string): void => {
    this.#lines.push(line);
    this.#length += line.length + 1;
    if (this.#length >= BATCH) this.#flush();
    else this.#timer ??= setTimeout(this.#flush, BATCH_MS).unref();
  };

  readonly #flush = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#file === undefined || this.#lines.length === 0) return;
    const text = Buffer.from(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
    this.#length = 0;
    try {
      if (this.#written + text.length > this.#maxBytes) this.#rotate(this.#file);
      this.#write(this.#file, text);
    } catch (error) {
      this.#fail(error);
    }
  };

  /** Begins a file, with the one that is there put aside. */
  #begin(): void {
    try {
      renameSync(this.#path, `${this.#path}.1`);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
    this.#written = 0;
    // Should another process begin the same file at this very moment, then not both of them into one.
    this.#file = openSync(this.#path, 'wx', 0o600);
    this.#write(this.#file, Buffer.from(`${JSON.stringify(introduction(this.#name, false))}\n`));
  }

  #rotate(full: number): void {
    this.#begin();
    closeSync(full);
    const file = this.#file;
    this.#feed.replay((line) => {
      if (file !== undefined) this.#write(file, Buffer.from(`${line}\n`));
    });
  }

  #write(file: number, bytes: Buffer): void {
    let done = 0;
    while (done < bytes.length) done += writeSync(file, bytes, done);
    this.#written += bytes.length;
  }

  #fail(error: unknown): void {
    const text = `The recording to ${this.#path} ends: ${describe(error)}`;
    process.emitWarning(text, 'WirechartWarning');
    this.#end();
  }

  #end(): void {
    const file = this.#file;
    this.#file = undefined;
    this.#feed.remove(this.#sink);
    process.off('exit', this.#flush);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lines = [];
    this.#length = 0;
    if (file !== undefined) closeSync(file);
  }
}
