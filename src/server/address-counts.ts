/** Counts the connections of a server by remote address. */

import type { Remote } from '../core/remote.ts';

/** Holds an entry for each connection that has an address, and for each of these addresses. */
export class AddressCounts<S extends object> {
  /** The address of each connection, as it was counted: more may be found out about a peer later. */
  readonly #addresses = new Map<S, string>();
  readonly #counts = new Map<string, number>();

  /** How many connections come from the address of a peer; 0 when it has no address. */
  of(remote: Remote): number {
    return this.#counts.get(addressOf(remote) ?? '') ?? 0;
  }

  /** Counts a connection, if it has an address. */
  add(session: S, remote: Remote): void {
    const address = addressOf(remote);
    if (address === undefined) return;
    this.#addresses.set(session, address);
    this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1);
  }

  /** A connection has ended. Ignored when it was not counted. */
  remove(session: S): void {
    const address = this.#addresses.get(session);
    if (address === undefined) return;
    this.#addresses.delete(session);
    const left = (this.#counts.get(address) ?? 0) - 1;
    if (left > 0) this.#counts.set(address, left);
    else this.#counts.delete(address);
  }
}

/** An IPv4 address as IPv6: a socket that listens on `::` sees the peers of both kinds in this form. */
const MAPPED = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([\da-f]{1,4}):([\da-f]{1,4}))$/i;

/** The IP address of a peer, in one form for each peer. */
function addressOf({ address }: Remote): string | undefined {
  const [, dotted, high, low] = (address === undefined ? null : MAPPED.exec(address)) ?? [];
  if (dotted !== undefined) return dotted;
  if (high === undefined || low === undefined) return address?.toLowerCase();
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [upper >> 8, upper & 0xff, lower >> 8, lower & 0xff].join('.');
}
