/** Listeners of all kinds, and clients for them. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { beforeAll } from 'vitest';
import { parseListenAddress } from '../../src/io/listen-target.ts';
import { SinglePeerListener } from '../../src/io/listen.ts';
import type { Address } from '../../src/core/types.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import { type Fixture } from './sockets.ts';

/** The kinds of listeners. */
export const KINDS = ['unix', 'tcp', 'tls'] as const;
type Kind = (typeof KINDS)[number];

/** To be called once in a test file. What a test opens with these functions is closed after it. */
export function useListeners(fixture: Fixture) {
  let certificates: Certificates;
  const never = () => new AbortController().signal;
  const afterTest = (close: () => unknown) => fixture.cleanups.push(close);

  beforeAll(async () => {
    certificates = await makeCertificates();
  });

  const sockets = {
    get certificates() {
      return certificates;
    },

    addressOf(kind: Kind): Address {
      if (kind === 'unix') return { path: fixture.path };
      return kind === 'tcp' ? { port: 0 } : { port: 0, tls: certificates.server };
    },

    async listen(address: Address, signal = never()): Promise<SinglePeerListener> {
      const listener = await SinglePeerListener.bind(parseListenAddress(address), signal);
      afterTest(() => {
        listener.close();
      });
      return listener;
    },

    async accept(listener: SinglePeerListener, signal = never()): Promise<Duplex> {
      const stream = await listener.accept(signal);
      afterTest(() => stream.destroy());
      return stream;
    },

    dial({ address }: Pick<SinglePeerListener, 'address'>): Socket {
      return keep(connect({ ...address }));
    },

    dialTls(
      { address }: Pick<SinglePeerListener, 'address'>,
      options: ConnectionOptions = {},
    ): Socket {
      return keep(connectTls({ ca: certificates.ca, ...address, ...options }));
    },

    dialAs(kind: Kind, listener: SinglePeerListener): Socket {
      return kind === 'tls' ? sockets.dialTls(listener) : sockets.dial(listener);
    },
  };

  /** Ignores the errors of a client. */
  function keep(client: Socket): Socket {
    afterTest(() => client.destroy());
    return client.on('error', () => undefined).resume();
  }

  return sockets;
}

/** Resolves when connections to the listener's address are refused. */
export function refused({ address }: SinglePeerListener): Promise<void> {
  return until(async () => {
    const client = connect({ ...address });
    const [outcome] = await Promise.allSettled([once(client, 'connect')]);
    client.destroy();
    return outcome.status === 'rejected';
  });
}

/** Resolves when the condition holds; the wait is limited only by the timeout of the test. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await turn();
}
