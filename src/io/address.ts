/** Parses addresses, and names every mistake in them. */

import { ArgumentError } from '../core/errors.ts';
import { adviseName } from '../core/options.ts';
import { unsealAddress } from '../core/sealed-address.ts';
import { isError, memberOf, show } from '../core/shape.ts';
import { type ByteStream, flawOf, isByteStream, isDuplexShaped } from './byte-stream.ts';
import { isClaimed } from './claims.ts';
import { parseTls } from './tls-options.ts';

/** An address that has been checked. Of TLS options, Node checks the values. */
export type Target =
  | {
      readonly kind: 'unix';
      readonly path: string;
      /** The permissions that a socket gets when it is listened on. Default: `DEFAULT_MODE`. */
      readonly mode?: number;
    }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** When TCP begins to probe a silent peer, in ms; `undefined`: never. */
      readonly keepAlive: number | undefined;
      readonly tls?: object;
    }
  | { readonly kind: 'stream'; readonly stream: ByteStream };

/** The longest path of a UNIX socket, in bytes: `sun_path` without its final NUL. */
export const MAX_PATH_BYTES = 107;

/** The members of all forms of an address, unchecked. */
interface UncheckedAddress {
  readonly path?: unknown;
  readonly mode?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
  readonly tls?: unknown;
  readonly keepAlive?: unknown;
  readonly stream?: unknown;
}

/** The default of `mode`: only the user of this process may connect. */
export const DEFAULT_MODE = 0o600;
const MAX_MODE = 0o777;
const DEFAULT_HOST = '127.0.0.1';
/** The default of `keepAlive`. */
export const DEFAULT_KEEP_ALIVE_MS = 30_000;
/** What Linux accepts. */
const MAX_KEEP_ALIVE_MS = 32_767_000;

const TCP_MEMBERS = { host: true, port: true, tls: true, keepAlive: true };
const PATH_MEMBERS = { path: true, mode: true };
const ALL_MEMBERS = {
  path: true,
  mode: true,
  host: true,
  port: true,
  tls: true,
  keepAlive: true,
  stream: true,
};
const FORMS =
  "a path, 'unix:PATH', 'tcp:HOST:PORT', 'tls:HOST:PORT', { path, mode? }, " +
  '{ host?, port, tls?, keepAlive? } or { stream }';

/** A host and a port, as QEMU writes them. IPv6 addresses stand in brackets; an empty host is the default. */
const HOST_AND_PORT = /^(?:\[([^\]]+)\]|([^:/]*)):(\d{1,5})$/;
/** The options that QEMU's command line has behind an address. */
const QEMU_OPTIONS = /,(?:server|nowait|wait|reconnect|reconnect-ms|telnet|abstract)\b/;
/** What could be meant as a host and a port, and is the name of a file by the letter. */
const BARE_HOST_AND_PORT = /^(?:[\w.-]+|\[[\da-f:.]+\]):\d+$/i;

/**
 * Checks an address, which may be any value in plain JavaScript, and adds the defaults. Opens nothing,
 * and does not touch a stream.
 *
 * @throws {ArgumentError} When it is not an address, or cannot be used: a path that is empty, contains a
 *   NUL or is too long; an invalid port; `tls: undefined`; a member that does not belong to it; a stream that does not carry
 *   bytes, is locked or has ended. The message says what was given and what is expected.
 */
export function parseAddress(given: unknown): Target {
  const address = unsealAddress(given);
  if (typeof address === 'string') return parseText(address);
  if (typeof address !== 'object' || address === null || Array.isArray(address)) {
    throw new ArgumentError(`The address must be ${FORMS}, not ${show(address)}`);
  }
  // Each member is read once, because a getter might return another value after the check. An undefined
  // member counts as absent: `{ path, port: undefined }` is a path, and not a random port. Only `tls`
  // does not: without TLS, everybody on the way could read and write.
  const { path, mode, port, stream, host, keepAlive }: UncheckedAddress = address;
  if ([path, port, stream].filter((member) => member !== undefined).length !== 1) {
    checkMembers(address, ALL_MEMBERS);
    throw new ArgumentError(`The address must have exactly one of path, port and stream: ${FORMS}`);
  }
  if (port !== undefined) {
    checkMembers(address, TCP_MEMBERS);
    return parseTcp({ port, host, tls: parseTls(address), keepAlive });
  }
  checkMembers(address, path === undefined ? { stream } : PATH_MEMBERS);
  return path === undefined ? parseStream(stream) : parsePath(path, mode);
}

function checkMembers(address: object, known: object): void {
  for (const name of Object.keys(address)) {
    if (Object.hasOwn(known, name) || memberOf(address, name) === undefined) continue;
    throw new ArgumentError(
      Object.hasOwn(ALL_MEMBERS, name)
        ? `'${name}' belongs to ${ownerOf(name)}`
        : `An address has no member '${name}'${adviseName(name, known)}`,
    );
  }
}

const ownerOf = (name: string): string =>
  name === 'mode'
    ? 'the path of a UNIX socket: { path, mode? }'
    : 'a TCP address: { host?, port, tls?, keepAlive? }';

/** A text: a path, or an address as QEMU writes it. */
function parseText(text: string): Target {
  const [scheme, rest] = splitScheme(text);
  if (scheme !== undefined && QEMU_OPTIONS.test(rest)) {
    const form = scheme === 'unix' ? 'unix:PATH' : `${scheme}:HOST:PORT`;
    throw new ArgumentError(
      `The address must be '${form}', without QEMU's options behind a comma, not '${text}'`,
    );
  }
  if (scheme === 'unix') return parsePath(rest);
  if (scheme !== undefined) return parseHostAndPort(scheme, rest, text);
  if (BARE_HOST_AND_PORT.test(text)) {
    throw new ArgumentError(
      `'${text}' may be a host and a port, or a file: write 'tcp:${text}' or './${text}'`,
    );
  }
  return parsePath(text);
}

function splitScheme(text: string): ['unix' | 'tcp' | 'tls' | undefined, string] {
  for (const scheme of ['unix', 'tcp', 'tls'] as const) {
    if (text.startsWith(`${scheme}:`)) return [scheme, text.slice(scheme.length + 1)];
  }
  return [undefined, text];
}

function parseHostAndPort(scheme: 'tcp' | 'tls', rest: string, text: string): Target {
  const match = HOST_AND_PORT.exec(rest);
  if (match === null) {
    throw new ArgumentError(
      `The address must be '${scheme}:HOST:PORT', an IPv6 address in brackets, not '${text}'`,
    );
  }
  const [, bracketed, plain, port] = match;
  const host = bracketed ?? (plain === '' ? undefined : plain);
  return parseTcp({ host, port: Number(port), tls: scheme === 'tls' ? {} : undefined });
}

function parsePath(path: unknown, mode?: unknown): Target {
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
  return { kind: 'unix', path, ...(mode !== undefined && { mode: parseMode(mode) }) };
}

function parseMode(mode: unknown): number {
  if (typeof mode === 'number' && Number.isInteger(mode) && mode >= 0 && mode <= MAX_MODE) {
    return mode;
  }
  throw new ArgumentError(
    `mode must be a number from 0 to 0o777, such as 0o660, not ${show(mode)}`,
  );
}

function parseTcp({
  port,
  host = DEFAULT_HOST,
  tls,
  keepAlive = true,
}: UncheckedAddress & { readonly tls: object | undefined }): Target {
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ArgumentError(`The port must be an integer from 0 to 65535, not ${show(port)}`);
  }
  if (typeof host !== 'string' || host === '' || host.includes('\0')) {
    throw new ArgumentError(`The host must be a name or an IP address, not ${show(host)}`);
  }
  const target = { kind: 'tcp', host, port, keepAlive: parseKeepAlive(keepAlive) } as const;
  return tls === undefined ? target : { ...target, tls };
}

function parseKeepAlive(given: unknown): number | undefined {
  if (given === false) return undefined;
  if (given === true) return DEFAULT_KEEP_ALIVE_MS;
  if (typeof given === 'number' && given > 0 && given <= MAX_KEEP_ALIVE_MS) return given;
  throw new ArgumentError(
    `keepAlive must be true, false or a number of ms, at most ${String(MAX_KEEP_ALIVE_MS)}, ` +
      `not ${show(given)}`,
  );
}

function parseStream(stream: unknown): Target {
  if (!isByteStream(stream)) {
    throw new ArgumentError(
      `The stream must be a duplex stream or { readable, writable }, not ${show(stream)}`,
    );
  }
  const flaw = isClaimed(stream) ? flawOfClaimed(stream) : flawOf(stream);
  if (flaw === undefined) return { kind: 'stream', stream };
  const cause = memberOf(stream, 'errored');
  const options = isError(cause) ? { cause } : {};
  throw new ArgumentError(`The stream cannot be used: ${flaw}`, options);
}

function flawOfClaimed(stream: ByteStream): string {
  const half = isDuplexShaped(stream) ? stream : stream.readable;
  return memberOf(half, 'destroyed') === true
    ? 'it has served a session already; open a new one'
    : 'it belongs to another session already; open one for each';
}
