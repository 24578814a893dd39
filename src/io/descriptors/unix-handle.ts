/** The UNIX socket below a stream, by its number in this process. */

import { fstatSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { DescriptorError } from '../../core/descriptor-error.ts';
import { memberOf } from '../../core/shape.ts';
import { connectionOf } from '../standing-stream.ts';

/**
 * Returns a function that returns the number of the socket that a stream is, or stands for; `undefined` when that
 * is closed.
 *
 * @throws {DescriptorError} When the stream is not one UNIX socket, in both directions and without TLS.
 */
export function unixSocketOf(stream: Duplex): () => number | undefined {
  const socket = connectionOf(stream);
  const kind = socket === undefined ? 'a pair of streams' : kindOf(socket);
  if (socket === undefined || kind !== undefined) throw notUnix(kind ?? '');
  return () => numberOf(socket);
}

/** The number of an open socket. */
function numberOf(socket: Duplex): number | undefined {
  const fd = socket.destroyed ? undefined : memberOf(memberOf(socket, '_handle'), 'fd');
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

/** What a stream is, if it is not a UNIX socket. */
function kindOf(stream: Duplex): string | undefined {
  if (memberOf(stream, 'encrypted') === true) return 'TLS';
  if (typeof memberOf(stream, 'remoteAddress') === 'string') return 'TCP';
  const fd = numberOf(stream);
  return fd !== undefined && fstatSync(fd).isSocket() ? undefined : 'a stream';
}

const notUnix = (kind: string): DescriptorError =>
  new DescriptorError(
    `Descriptors pass over UNIX sockets only, and this session runs over ${kind}; connect to a UNIX socket of ` +
      'the peer, or start it by spawnPeer(), whose option fds gives it further descriptors',
  );
