/** Parses addresses, and names every mistake in them. */

import { ArgumentError, isWirechartError } from '../core/errors.ts';
import { memberOf } from '../core/shape.ts';
import type { Address } from '../core/types.ts';
import { type ByteStream, isByteStream, isDuplexShaped } from './join-streams.ts';

/**
 * An address that has been checked. The TLS options are the user's own object: only Node can check them.
 */
export type Target =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly tls?: object;
    }
  | { readonly kind: 'stream'; readonly stream: ByteStream };

/** The longest path of a UNIX socket, in bytes: `sun_path` without its final NUL. */
export const MAX_PATH_BYTES = 107;

/** The members of all forms of an address, unchecked. */
interface UncheckedAddress {
  readonly path?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
  readonly tls?: unknown;
  readonly stream?: unknown;
}

const DEFAULT_HOST = '127.0.0.1';
const FORMS = 'a path, { path }, { host?, port, tls? } or { stream }';

/**
 * Checks an address, which may be any value in plain JavaScript, and adds the defaults. Opens nothing,
 * and does not touch a stream.
 *
 * @throws {ArgumentError} When it is not an address, or cannot be used: a path that is empty, contains a
 *   NUL or is too long; an invalid port; a stream that does not carry bytes, is locked or has ended. The
 *   message says what was given and what is expected.
 */
export function parseAddress(address: Address): Target {
  const given: unknown = address;
  if (typeof given === 'string') return parsePath(given);
  if (typeof given !== 'object' || given === null) {
    throw new ArgumentError(`The address must be ${FORMS}, not ${show(given)}`);
  }
  // Each member is read once, because a getter might return another value after the check. An undefined
  // member counts as absent: `{ path, port: undefined }` is a path, and not a random port.
  const { path, port, stream, host, tls }: UncheckedAddress = given;
  if ([path, port, stream].filter((field) => field !== undefined).length !== 1) {
    throw new ArgumentError(`The address must have exactly one of path, port and stream: ${FORMS}`);
  }
  if (port !== undefined) return parseTcp(port, host, tls);
  if (host !== undefined || tls !== undefined) {
    throw new ArgumentError('host and tls belong to a TCP address: { host?, port, tls? }');
  }
  return path === undefined ? parseStream(stream) : parsePath(path);
}

function parsePath(path: unknown): Target {
  if (typeof path !== 'string') {
    throw new ArgumentError(`The path of a UNIX socket must be a string, not ${show(path)}`);
  }
  if (path === '') throw new ArgumentError('The path of a UNIX socket must not be empty');
  if (path.includes('\0')) {
    throw new ArgumentError(
      'The path of a UNIX socket must not contain a NUL character (abstract sockets are not supported)',
    );
  }
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) {
    throw new ArgumentError(
      `The path of a UNIX socket may have ${String(MAX_PATH_BYTES)} bytes, this one has ` +
        `${String(bytes)}; use a shorter directory, or a relative path: '${path}'`,
    );
  }
  return { kind: 'unix', path };
}

function parseTcp(port: unknown, host: unknown = DEFAULT_HOST, tls?: unknown): Target {
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ArgumentError(`The port must be an integer from 0 to 65535, not ${show(port)}`);
  }
  if (typeof host !== 'string' || host === '' || host.includes('\0')) {
    throw new ArgumentError(`The host must be a name or an IP address, not ${show(host)}`);
  }
  if (tls === undefined) return { kind: 'tcp', host, port };
  if (typeof tls !== 'object' || tls === null) {
    throw new ArgumentError(`tls must be an object of Node's TLS options, not ${show(tls)}`);
  }
  return { kind: 'tcp', host, port, tls };
}

function parseStream(stream: unknown): Target {
  if (!isByteStream(stream)) {
    throw new ArgumentError(
      `The stream must be a duplex stream or { readable, writable }, not ${show(stream)}`,
    );
  }
  const flaw = isDuplexShaped(stream)
    ? flawOf(stream, stream)
    : flawOf(stream.readable, stream.writable);
  if (flaw !== undefined) throw new ArgumentError(`The stream cannot be used: ${flaw}`);
  return { kind: 'stream', stream };
}

/** Says why a stream with these two halves, which may be one object, cannot be used. */
function flawOf(readable: unknown, writable: unknown): string | undefined {
  const is = (half: unknown, ...members: string[]) =>
    members.some((name) => memberOf(half, name) === true);
  if (is(readable, 'readableObjectMode') || is(writable, 'writableObjectMode')) {
    return 'it is in object mode, and must carry bytes';
  }
  if (typeof memberOf(readable, 'readableEncoding') === 'string') {
    return 'it has an encoding, and must carry bytes; do not call setEncoding()';
  }
  // The stream of a child that failed reports by itself why, when it is dialed.
  if (isWirechartError(memberOf(readable, 'errored'))) return undefined;
  if (is(readable, 'destroyed') || is(writable, 'destroyed')) {
    return 'it is destroyed; open a new one';
  }
  if (is(readable, 'locked') || is(writable, 'locked')) {
    return 'it is locked by another reader or writer';
  }
  if (is(readable, 'readableEnded') || memberOf(readable, 'readable') === false) {
    return 'it cannot be read from any more; open a new one';
  }
  if (is(writable, 'writableEnded') || memberOf(writable, 'writable') === false) {
    return 'it cannot be written to any more; open a new one';
  }
  return undefined;
}

/** A short text for any value. Never throws. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
