/** A directory that no other user can enter, in which a file is prepared before it gets its name. */

import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
} from 'node:fs';
import { codeOf } from '../core/shape.ts';

/** Its name is the path of the file, this separator and 48 random bits. */
const SEPARATOR = '~';
const RANDOM_BYTES = 6;
const MAX_ATTEMPTS = 8;
const SET_GROUP_ID = 0o2000;

/** What follows the path of a file in the names of its private directories. */
export const PRIVATE_SUFFIX = /^~[\w-]{8}$/;

/** Random letters, digits, `-` and `_`, which cannot be guessed: 4 for 3 bytes. */
export const randomName = (bytes: number): string =>
  process.getBuiltinModule('node:crypto').randomBytes(bytes).toString('base64url');

/** A directory with the mode 0700 that this process has made beside a file. */
export class PrivateDirectory {
  /** Its own name: the path of the file and a suffix. */
  readonly path: string;
  /** The same directory by our descriptor, so that it stays the same if its name is moved; else `path`. */
  readonly #reached: string;
  readonly #fd: number;
  #isOpen = true;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
    const byDescriptor = `/proc/self/fd/${String(fd)}`;
    this.#reached = existsSync(byDescriptor) ? byDescriptor : path;
  }

  /**
   * Makes one beside `file`.
   *
   * @param file - An absolute path.
   * @throws The error of the operating system.
   */
  static makeBeside(file: string): PrivateDirectory {
    for (let attempt = 1; ; attempt += 1) {
      const path = `${file}${SEPARATOR}${randomName(RANDOM_BYTES)}`;
      try {
        mkdirSync(path, 0o700);
      } catch (error) {
        if (codeOf(error) === 'EEXIST' && attempt < MAX_ATTEMPTS) continue;
        throw error;
      }
      return new PrivateDirectory(path, openOwn(path));
    }
  }

  /** Whether it was not removed yet. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** A short name for a file in it, for system calls at once; wrong after `remove()`. */
  at(name: string): string {
    return `${this.#reached}/${name}`;
  }

  /** Removes it, if it is empty. Never throws. */
  remove(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
    try {
      rmdirSync(this.path);
    } catch {
      // It was moved or removed by another process.
    }
  }
}

/**
 * Opens a directory that we have just made, and makes sure that it is that: where other users may rename
 * files, one of them may have put a directory of their own in its place.
 */
function openOwn(path: string): number {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { uid, mode } = fstatSync(fd);
    if (uid !== process.geteuid?.()) {
      throw Object.assign(new Error(`${path} was replaced by another user`), { code: 'EACCES' });
    }
    // The umask may have taken rights from us, too. The set-group-id bit gives files the group of the directory.
    fchmodSync(fd, (mode & SET_GROUP_ID) | 0o700);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
