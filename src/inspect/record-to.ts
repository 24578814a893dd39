/**
 * The way from a program to a file: a recording, which an inspector can open later.
 *
 * One JSON text a line, as on the wire (`wire.ts`). The file is bounded: when it is full it is renamed
 * to `….1` and begun anew with what there is at that time, so that each of the two can be read alone.
 * Lines are written together, a few times a second, and the last of them when the program exits by
 * whatever way lets JavaScript run. A disk that refuses ends the recording, with a warning.
 */

import { closeSync, lstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { ArgumentError, describe } from '../core/errors.ts';
import { Feed } from './feed.ts';
import { type Inspection, introduction, type ReportOptions } from './report.ts';

/** What is recorded, and how much of it. */
export interface RecordOptions extends ReportOptions {
  /**
   * The size at which the file is put aside and begun anew, in bytes. One that was put aside before is
   * replaced, so twice as much is on the disk at most; more only where one line, or the present states
   * of all that is recorded, need more. Default 64 MiB (67 108 864).
   */
  readonly maxBytes?: number | undefined;
}

const MAX_BYTES = 64 * 1024 * 1024;
/** Lines wait for each other up to this size, in bytes, … */
const BATCH_CHARACTERS = 64 * 1024;
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
  if (!(isNumber(maxBytes) && maxBytes >= BATCH_CHARACTERS)) {
    throw new ArgumentError(
      `maxBytes is ${String(maxBytes)}; it must be a number of bytes, ${String(BATCH_CHARACTERS)} or more`,
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

const isNumber = (value: unknown): boolean => typeof value === 'number';

/** See the module's comment. */
class Recording {
  readonly #path: string;
  readonly #feed: Feed;
  readonly #name: string | undefined;
  readonly #maxBytes: number;
  #file: number | undefined;
  #written = 0;
  /** The size at which the file is full. */
  #fullAt: number;
  /** What waits to be written, and its size. */
  #lines: string[] = [];
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, feed: Feed, options: RecordOptions & { readonly maxBytes: number }) {
    this.#path = path;
    this.#feed = feed;
    this.#name = options.name;
    this.#maxBytes = options.maxBytes;
    this.#fullAt = options.maxBytes;
    try {
      this.#file = this.#open();
      this.#write([this.#introduction()]);
    } catch (error) {
      closed(this.#file);
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
    const size = Buffer.byteLength(line) + 1;
    if (this.#written + this.#waiting + size > this.#fullAt) this.#rotate();
    if (this.#file === undefined) return;
    this.#lines.push(line);
    this.#waiting += size;
    if (this.#waiting >= BATCH_CHARACTERS) this.#flush();
    else this.#timer ??= setTimeout(this.#flush, BATCH_MS).unref();
  };

  readonly #flush = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#file === undefined || this.#lines.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    this.#waiting = 0;
    try {
      this.#write(lines);
    } catch (error) {
      this.#fail(error);
    }
  };

  /** What was said so far belongs to the file that is full; the next begins with what there is now. */
  #rotate(): void {
    this.#flush();
    const full = this.#file;
    if (full === undefined) return;
    const lines = [this.#introduction()];
    this.#feed.replay((line) => lines.push(line));
    try {
      this.#file = this.#open();
      closeSync(full);
      this.#written = 0;
      this.#write(lines);
      // Or else what there is, where it is much, would fill file after file.
      this.#fullAt = Math.max(this.#maxBytes, this.#written + BATCH_CHARACTERS / 2);
    } catch (error) {
      this.#fail(error);
    }
  }

  #introduction(): string {
    return JSON.stringify(introduction(this.#name, false));
  }

  /** A new file, with the one that is there put aside. */
  #open(): number {
    const found = lstatSync(this.#path, { throwIfNoEntry: false });
    if (found !== undefined) {
      // A directory or a device would be put aside just as well.
      if (!found.isFile() && !found.isSymbolicLink()) throw new Error('it is there, and no file');
      renameSync(this.#path, `${this.#path}.1`);
    }
    // Should another process begin the same file at this very moment, then not both of them into one.
    return openSync(this.#path, 'wx', 0o600);
  }

  #write(lines: readonly string[]): void {
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    let done = 0;
    while (this.#file !== undefined && done < bytes.length) {
      done += writeSync(this.#file, bytes, done);
    }
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
    this.#waiting = 0;
    closed(file);
  }
}

/** What a disk still refuses when a file is closed was told when it refused to write. */
function closed(file: number | undefined): void {
  try {
    if (file !== undefined) closeSync(file);
  } catch {
    // There is no more to do with it.
  }
}
