/** The token: what it looks like, and where the command takes it from. */

import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** Whether a text can be a token: it needs no escaping in a URL, and has 128 bits if it is random. */
export const isToken = (text: string): boolean => /^[\w-]{22,}$/.test(text);

/** What a token must be, for error messages. */
export const TOKEN_RULE =
  'The token must be 22 or more letters, digits, - or _ (16 random bytes in base64url)';

/** A random token of 144 bits. */
export const newToken = (): string => randomBytes(18).toString('base64url');

/** The environment variable with a fixed token. */
export const TOKEN_VARIABLE = 'WIRECHART_INSPECTOR_TOKEN';

/** No file that holds one token is longer. */
const MAX_FILE_BYTES = 4096;

/**
 * Reads the token from a file that no other user could have read or written.
 *
 * @throws {TypeError} When the file is missing, not a regular file, not ours, open to others, or has no
 *   token.
 */
export function tokenFrom(file: string): string {
  const text = textOf(file).trim();
  if (isToken(text)) return text;
  throw new TypeError(`The file '${file}' has no token. ${TOKEN_RULE}`);
}

function textOf(file: string): string {
  const descriptor = opened(file);
  try {
    const { uid, mode, size } = fstatSync(descriptor);
    const refuse = (why: string) => new TypeError(`The token file '${file}' is refused: ${why}`);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw refuse('it is not a regular file');
    // Windows has neither owners nor modes in this sense.
    const us = process.geteuid?.();
    if (us !== undefined && uid !== us) {
      throw refuse(`it belongs to the user ${String(uid)}, not to ${String(us)}`);
    }
    if (us !== undefined && (mode & 0o077) !== 0) {
      throw refuse(`others have access to it (mode ${(mode & 0o777).toString(8)}); use chmod 600`);
    }
    if (size > MAX_FILE_BYTES) throw refuse('it is too long');
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** What to do about an error of the system. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOENT:
    '; create it with: (umask 077; node -p "crypto.randomBytes(18).toString(\'base64url\')" > FILE)',
  ELOOP: '; it is a link: give the path of the file itself',
};

/** Opens a file without following a link, and without waiting for the writer of a FIFO. */
function opened(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it cannot be opened';
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const advice = ADVICE[code] ?? '';
    throw new TypeError(`The token file '${file}' is refused: ${why}${advice}`, { cause: error });
  }
}
