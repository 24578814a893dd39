/**
 * The two files of a recording: the one that is written, and `….1`, the full one before it.
 *
 * Both names are ours from the start, because in a folder that others can write to, such as `/tmp`,
 * another user could take the second one before the first file is full. Files of other users, folders and
 * devices are never renamed, replaced or removed; a symbolic link is never followed.
 */

import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  type Stats,
  unlinkSync,
} from 'node:fs';

/** What tells a file from all others. */
type Identity = Pick<Stats, 'dev' | 'ino'>;

/** The names of one recording. */
export class RecordingFiles {
  readonly #path: string;
  readonly #previous: string;
  /** The empty file that keeps the second name, until a full file takes its place. */
  #placeholder: Identity | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#previous = `${path}.1`;
  }

  /**
   * Creates the file to write, for its owner only. An existing one is renamed to `….1` first, replacing an
   * earlier one.
   *
   * @returns The open file.
   * @throws {Error} When one of the names is taken by something that is not ours, or by the system.
   */
  open(): number {
    const isThere = isOurs(this.#path, 'it');
    const hasPrevious = isOurs(this.#previous, `'${this.#previous}'`);
    if (isThere) this.#rename();
    else if (!hasPrevious) this.#placeholder = identityOf(create(this.#previous));
    try {
      return create(this.#path);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Removes `….1` if it is only a placeholder. Never throws. */
  release(): void {
    const placeholder = this.#placeholder;
    this.#placeholder = undefined;
    if (placeholder === undefined) return;
    try {
      const { dev, ino, size } = lstatSync(this.#previous);
      const isSame = dev === placeholder.dev && ino === placeholder.ino && size === 0;
      if (isSame) unlinkSync(this.#previous);
    } catch {
      // It has gone, or cannot be removed.
    }
  }

  #rename(): void {
    renameSync(this.#path, this.#previous);
    this.#placeholder = undefined;
  }
}

/** Fails when the name exists, also as a symbolic link. */
const create = (path: string): number => openSync(path, 'wx', 0o600);

function identityOf(file: number): Identity {
  try {
    return fstatSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Whether a name is taken by a file or a link of ours.
 *
 * @throws {Error} When it is taken by something else.
 */
function isOurs(path: string, name: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  // rename() would also move a directory or a device away.
  if (!found.isFile() && !found.isSymbolicLink()) {
    throw new Error(`${name} exists and is not a regular file; choose another path`);
  }
  const user = process.geteuid?.();
  if (user === undefined || found.uid === user) return true;
  const owner = `belongs to another user (uid ${String(found.uid)})`;
  throw new Error(`${name} ${owner}; choose another path, or remove it`);
}
