/** Warns of connections that can be read and changed on their way: TCP without TLS beyond this machine. */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { BoundAddress } from '../core/types.ts';
import type { Target } from './address.ts';
import type { ListenTarget } from './listen-target.ts';
import { isSocket } from './socket.ts';

/** The code of the warning. */
const CODE = 'WIRECHART_PLAINTEXT';

/** IPv4 loopback addresses, also as IPv6 writes them, and that of IPv6. */
const LOOPBACK = /^(?:(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/i;

/** How many addresses are remembered; of further ones there is no warning. */
const MAX_ADDRESSES = 1_000;

/** The addresses that were warned of, in this process. */
const warned = /* @__PURE__ */ new Set<string>();

/** Where a warning goes. */
type Warn = (text: string) => void;

/** Warns if a stream that was dialed leaves this machine without TLS; once for each address. */
export function warnOfPlainDial(target: Target, stream: Duplex, warn: Warn | undefined): void {
  if (target.kind !== 'tcp' || target.tls !== undefined || LOOPBACK.test(target.host)) return;
  if (!isSocket(stream) || !leavesMachine(stream)) return;
  const address = textOf(target.host, target.port);
  warnOnce(`The connection to ${address} is not encrypted, and its peer not authenticated`, warn);
}

/** Warns if a socket that listens without TLS can be reached from elsewhere; once for each address. */
export function warnOfPlainListen(
  target: ListenTarget,
  bound: BoundAddress,
  warn: Warn | undefined,
): void {
  if (target.kind === 'unix' || target.tls !== undefined) return;
  if (!('host' in bound) || LOOPBACK.test(bound.host)) return;
  const address = textOf(bound.host, target.kind === 'tcp' ? target.port : bound.port);
  warnOnce(`Connections to ${address} are not encrypted, and any host can make one`, warn);
}

/** The addresses of both ends are the same if a connection goes to this machine itself. */
const leavesMachine = ({ remoteAddress, localAddress }: Socket): boolean =>
  remoteAddress !== undefined && !LOOPBACK.test(remoteAddress) && remoteAddress !== localAddress;

const textOf = (host: string, port: number): string =>
  `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;

function warnOnce(what: string, warn: Warn | undefined): void {
  if (warned.has(what) || warned.size >= MAX_ADDRESSES) return;
  warned.add(what);
  const text = `${what}: use tls, a UNIX socket or a tunnel`;
  if (warn === undefined) process.emitWarning(text, { type: 'WirechartWarning', code: CODE });
  else warn(`${text} (${CODE})`);
}
