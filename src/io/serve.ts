/** Listens for any number of peers, for as long as wanted. */

import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ArgumentError, ClosedError } from '../errors.ts';
import type { StopSignal } from '../stop-signal.ts';
import type { Arrival, Service } from '../reception.ts';
import type { Target } from './address.ts';
import { quiet } from './dial.ts';
import { addressOf, createServerFor, type Place } from './listen.ts';
import { TlsDoor } from './tls-door.ts';
import { listenAt, listenNear, publish, type SocketFile } from './unix-socket.ts';

/** How many peers the kernel may keep for us until we come to them; it has a limit of its own. */
const BACKLOG = 4_096;

/**
 * Listens at `target`. Each peer is handed over as it came, also where TLS is to be spoken; its stream
 * is as `Listener.accept()` gives it: half-open capable, not read from, with one lasting listener on
 * 'error'.
 *
 * Rejects as `Listener.bind()` does.
 *
 * @param onError - Told of a peer that could not be accepted; the service goes on. (For want of file
 *   descriptors libuv sheds peers without a word.)
 */
export async function serve(target: Target, onError: (error: Error) => void): Promise<Service> {
  if (target.kind === 'stream') {
    throw new ArgumentError('A stream cannot be listened on: give a path or a port');
  }
  const door = target.kind === 'tcp' && target.tls ? new TlsDoor(target.tls) : undefined;
  const server = createServerFor(
    target.kind === 'tcp' ? { kind: 'tcp', host: target.host, port: target.port } : target,
  );
  const hall = new Hall(server, door);
  const temporary = await bind(server, target);
  // From now on its errors are of single peers.
  server.on('error', onError);
  const file = target.kind === 'unix' ? await published(server, temporary, target.path) : undefined;
  return {
    address: target.kind === 'unix' ? { path: target.path } : addressOf(server, target),
    accept: (onArrival) => {
      hall.open(onArrival);
    },
    close: () => {
      file?.remove();
      if (server.listening) server.close();
      hall.close();
    },
  };
}

/** Where those are who come before anybody takes them. */
class Hall {
  #early: Arrival[] = [];
  #onArrival = (arrival: Arrival): void => {
    this.#early.push(arrival);
  };

  constructor(server: Server, door: TlsDoor | undefined) {
    server.on('connection', (raw: Socket) => {
      this.#onArrival(new SocketArrival(quiet(raw), door));
    });
  }

  open(onArrival: (arrival: Arrival) => void): void {
    this.#onArrival = onArrival;
    for (const arrival of this.#early.splice(0)) onArrival(arrival);
  }

  close(): void {
    this.open((arrival) => {
      arrival.close();
    });
  }
}

class SocketArrival implements Arrival {
  readonly gone: Promise<void>;
  readonly #raw: Socket;
  readonly #door: TlsDoor | undefined;

  constructor(raw: Socket, door: TlsDoor | undefined) {
    this.#raw = raw;
    this.#door = door;
    this.gone = new Promise((resolve) => {
      if (raw.closed) resolve();
      else raw.once('close', resolve);
    });
  }

  async open(signal: StopSignal): Promise<Duplex> {
    const raw = this.#raw;
    try {
      signal.throwIfAborted();
      // Node reads ahead by itself; it emits 'end' on a paused stream only if there are no bytes before.
      if (raw.destroyed || raw.readableEnded) {
        const cause = raw.errored === null ? {} : { cause: raw.errored };
        throw new ClosedError('The peer left before there was a place for it', cause);
      }
      return this.#door === undefined ? raw : await this.#door.pass(raw, signal);
    } catch (error) {
      raw.destroy();
      throw error;
    }
  }

  close(): void {
    this.#raw.destroy();
  }
}

/** Resolves with the temporary name of a UNIX socket. */
async function bind(server: Server, target: Place): Promise<string> {
  if (target.kind === 'unix') return listenNear(server, target.path, BACKLOG);
  await listenAt(server, { host: target.host, port: target.port, backlog: BACKLOG });
  return '';
}

async function published(server: Server, temporary: string, path: string): Promise<SocketFile> {
  try {
    return await publish(temporary, path);
  } catch (error) {
    server.close();
    throw error;
  }
}
