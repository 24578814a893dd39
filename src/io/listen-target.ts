/** Parses the addresses that can be listened on: all but streams, and inherited file descriptors. */

import { ArgumentError, textOf } from '../core/errors.ts';
import { unsealAddress } from '../core/sealed-address.ts';
import { memberOf } from '../core/shape.ts';
import type { InheritedListener, ListenAddress } from '../core/types.ts';
import { parseAddress, type Target } from './address.ts';
import { checkServerTls, parseTls } from './tls-options.ts';

/** What can be listened on, checked. */
export type ListenTarget =
  | Exclude<Target, { readonly kind: 'stream' }>
  | { readonly kind: 'fd'; readonly fd: number; readonly tls?: object };

/** The members of an inherited listener, unchecked. */
interface UncheckedListener {
  readonly fd?: unknown;
  readonly tls?: unknown;
}

/** The largest number of a file descriptor: an `int`. */
const MAX_FD = 2_147_483_647;

/**
 * Checks an address to listen on, which may be any value in plain JavaScript. Opens nothing.
 *
 * @throws {ArgumentError} When it is not an address, is a stream, or cannot be used, see `parseAddress()`; or
 *   when TLS has options for checking clients and does not check them.
 */
export function parseListenAddress(given: ListenAddress | undefined): ListenTarget {
  const address = unsealAddress(given);
  if (isListener(address)) return parseListener(address);
  const target = parseAddress(address);
  if (target.kind === 'stream') {
    throw new ArgumentError('A stream cannot be listened on: give a path, a port or { fd }');
  }
  if (target.kind === 'tcp' && target.tls !== undefined) checkServerTls(target.tls);
  return target;
}

/**
 * Checks an address to dial.
 *
 * @throws {ArgumentError} As `parseAddress()` does; also when it can only be listened on.
 */
export function parseDialAddress(address: ListenAddress | undefined): Target {
  const unsealed = unsealAddress(address);
  if (isListener(unsealed)) {
    throw new ArgumentError('{ fd } is for listen(). To use an open socket, pass { stream }');
  }
  if (memberOf(unsealed, 'mode') !== undefined) {
    throw new ArgumentError(
      'mode is for listen(), which makes the socket: to connect, leave it out',
    );
  }
  return parseAddress(unsealed);
}

/** Anything may be given in plain JavaScript. */
const isListener = (address: unknown): address is InheritedListener =>
  memberOf(address, 'fd') !== undefined;

function parseListener(given: UncheckedListener & object): ListenTarget {
  const { fd } = given;
  const unknown = Object.keys(given).find((name) => name !== 'fd' && name !== 'tls');
  if (unknown !== undefined) {
    throw new ArgumentError(`An address with fd may have tls, and nothing else: not '${unknown}'`);
  }
  if (typeof fd !== 'number' || !Number.isInteger(fd) || fd < 0 || fd > MAX_FD) {
    throw new ArgumentError(`fd must be the number of a file descriptor, not ${textOf(fd)}`);
  }
  const tls = parseTls(given);
  if (tls === undefined) return { kind: 'fd', fd };
  checkServerTls(tls);
  return { kind: 'fd', fd, tls };
}
