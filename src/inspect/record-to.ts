/**
 * Writes a recording: a file that an inspector can open later, with one message of `wire.ts` per line.
 *
 * The file is bounded: a full one is renamed to `….1`, and a new one starts with all living actors and
 * their states, so that each of the two can be read alone. Lines are written in batches, a few times a
 * second, and the last of them when the process exits in any way that still runs JavaScript. A write
 * error ends the recording with a process warning.
 */

import { closeSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ArgumentError, describe } from '../core/errors.ts';
import { offExit, onExit } from './exit-hooks.ts';
import { checkNames, type Names } from '../core/options.ts';
import { codeOf, show } from '../core/shape.ts';
import { Feed } from './feed.ts';
import { RecordingFiles } from './recording-files.ts';
import { introduction } from './node-program.ts';
import type { Inspection, ReportOptions } from './report.ts';

/** The options of a recording. */
export interface RecordOptions extends ReportOptions {
  /**
   * The maximum size of the file, in bytes; at least 65 536. A full file is renamed to `….1`, replacing
   * an earlier one, so that at most twice this size is on disk. A single line, or the current states of
   * all actors at the start of a file, may exceed it. Default 64 MiB (67 108 864).
   */
  readonly maxBytes?: number | undefined;
  /**
   * Whether the messages of protocol machines are recorded: of all connections together at most 500 a second, each
   * cut to 4 096 characters, without the secrets that the protocol knows. Default `false`: then only the last
   * messages of a connection that fails are, at most 20.
   */
  readonly wire?: boolean | undefined;
}

const OPTIONS: Names<RecordOptions> = { name: true, sanitize: true, maxBytes: true, wire: true };

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const MIN_MAX_BYTES = 64 * 1024;
/** Pending lines are written when they reach this size … */
const BATCH_CHARACTERS = 64 * 1024;
/** … or are this old. */
const BATCH_MS = 200;
/** In UTF-8, of a UTF-16 unit. */
const MAX_BYTES_PER_CHARACTER = 3;
/** Room for a batch, and for a line with the definition of a machine. */
const ENCODING_BYTES = 384 * 1024;

/**
 * Starts a recording to a file that only its owner can read: it holds the contexts and events of your
 * machines. Secrets are hidden, as far as their names tell; `sanitize` hides more. An existing file is renamed
 * to `….1`. Both names are taken at once: until the first file is full, `….1` may be an empty file, which is
 * removed when the recording ends. No symbolic link is followed, and nothing that belongs to another user is
 * renamed or replaced. A later write error ends the recording with a process warning named
 * `WirechartWarning`.
 *
 * @param path - The file. `%p` is replaced by the process id.
 * @returns The recording, at once. Pass its `inspect` to what you want to record.
 * @throws {ArgumentError} When one of the two files cannot be created, or its name is taken by a file of
 *   another user or by anything but a file; when `maxBytes` is invalid.
 */
export function recordTo(path: string, options: RecordOptions = {}): Inspection {
  checkNames('recordTo()', options, OPTIONS);
  const { maxBytes = DEFAULT_MAX_BYTES, wire = false } = options;
  if (!(isNumber(maxBytes) && maxBytes >= MIN_MAX_BYTES)) {
    throw new ArgumentError(
      `maxBytes is ${String(maxBytes)}; it must be a number of bytes, at least ${String(MIN_MAX_BYTES)}`,
    );
  }
  if (!isBoolean(wire)) throw new ArgumentError(`wire is ${show(wire)}; it must be true or false`);
  const feed = new Feed(options.sanitize);
  const recording = new Recording(path.replaceAll('%p', String(process.pid)), feed, {
    ...options,
    maxBytes,
  });
  feed.setTapping(wire);
  const close = () => {
    recording.close();
    return Promise.resolve();
  };
  return { inspect: feed.inspect, close, [Symbol.asyncDispose]: close };
}

const isNumber = (value: unknown): boolean => typeof value === 'number';
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';

/** Writes the lines of one feed to one file after another. */
class Recording {
  readonly #path: string;
  readonly #files: RecordingFiles;
  readonly #feed: Feed;
  readonly #name: string | undefined;
  readonly #maxBytes: number;
  #file: number | undefined;
  #writtenBytes = 0;
  #parts = 0;
  /** The size at which this file is full. */
  #rotateAtBytes: number;
  /** What is written with the next batch, each line with its end. */
  #pending = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, feed: Feed, options: RecordOptions & { readonly maxBytes: number }) {
    this.#path = path;
    this.#files = new RecordingFiles(path);
    this.#feed = feed;
    this.#name = options.name;
    this.#maxBytes = options.maxBytes;
    this.#rotateAtBytes = options.maxBytes;
    try {
      this.#file = this.#files.open();
      this.#write(this.#introduction());
    } catch (error) {
      close(this.#file);
      this.#files.release();
      const text = `Cannot record to '${path}': ${describe(error)}${adviceOn(error, path)}`;
      throw new ArgumentError(text, { cause: error });
    }
    onExit('exit', this.#onExit);
    feed.add(this.#sink);
  }

  close(): void {
    if (this.#file === undefined) return;
    this.#flush();
    this.#end();
  }

  readonly #sink = (line: string): void => {
    if (!this.#hasRoom(line)) this.#rotate();
    if (this.#file === undefined) return;
    this.#pending += `${line}\n`;
    if (this.#pending.length >= BATCH_CHARACTERS) this.#flush();
    else this.#timer ??= setTimeout(this.#flush, BATCH_MS).unref();
  };

  /** Counts the bytes only where they matter: that takes a large part of the time of a line. */
  #hasRoom(line: string): boolean {
    const left = this.#rotateAtBytes - this.#writtenBytes;
    if ((this.#pending.length + line.length + 1) * MAX_BYTES_PER_CHARACTER <= left) return true;
    return Buffer.byteLength(this.#pending) + Buffer.byteLength(line) + 1 <= left;
  }

  readonly #flush = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#file === undefined || this.#pending === '') return;
    const text = this.#pending;
    this.#pending = '';
    try {
      this.#write(text);
    } catch (error) {
      this.#fail(error);
    }
  };

  readonly #onExit = (): void => {
    this.#flush();
    this.#files.release();
  };

  /** Writes the pending lines to the full file, and starts the next one with all living actors. */
  #rotate(): void {
    this.#flush();
    const full = this.#file;
    if (full === undefined) return;
    let text = this.#introduction();
    this.#feed.replay((line) => (text += `${line}\n`));
    try {
      this.#file = this.#files.open();
      closeSync(full);
      this.#writtenBytes = 0;
      this.#write(text);
      // Without this, the states of many actors would fill file after file on their own.
      this.#rotateAtBytes = Math.max(this.#maxBytes, this.#writtenBytes + MIN_MAX_BYTES / 2);
    } catch (error) {
      this.#fail(error);
    }
  }

  #introduction(): string {
    this.#parts += 1;
    const part = this.#parts > 1 && { part: this.#parts };
    return `${JSON.stringify({ ...introduction(this.#name, false), ...part })}\n`;
  }

  #write(text: string): void {
    const bytes = encoded(text);
    let done = 0;
    while (this.#file !== undefined && done < bytes.length) {
      done += writeSync(this.#file, bytes, done);
    }
    this.#writtenBytes += bytes.length;
  }

  #fail(error: unknown): void {
    const text = `Recording to '${this.#path}' stopped: ${describe(error)}${adviceOn(error, this.#path)}`;
    process.emitWarning(text, 'WirechartWarning');
    this.#end();
  }

  #end(): void {
    const file = this.#file;
    this.#file = undefined;
    this.#feed.remove(this.#sink);
    offExit('exit', this.#onExit);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending = '';
    close(file);
    this.#files.release();
  }
}

/** What can be done about an error of the disk. */
function adviceOn(error: unknown, path: string): string {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `. Create the folder '${dirname(path)}' first, or choose another path`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return '. Choose a path in a folder that you can write to';
    case 'ENOSPC':
    case 'EDQUOT':
      return '. The disk is full: make room, or choose a path on another one';
    default:
      return '';
  }
}

/** Where batches are encoded: in new memory for each, that takes three times as long. */
let encoding: Buffer | undefined;

/** A text in UTF-8, until the next call. */
function encoded(text: string): Buffer {
  const most = text.length * MAX_BYTES_PER_CHARACTER;
  if (most > ENCODING_BYTES) return Buffer.from(text);
  encoding ??= Buffer.allocUnsafeSlow(ENCODING_BYTES);
  return encoding.subarray(0, encoding.write(text));
}

/** Closes a file and ignores errors: a failed write has been reported before. */
function close(file: number | undefined): void {
  try {
    if (file !== undefined) closeSync(file);
  } catch {
    // Nothing more can be done with it.
  }
}
