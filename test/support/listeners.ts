/** Listeners of all kinds, and clients for them, for the tests. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { beforeAll } from 'vitest';
import { parseAddress } from '../../src/io/address.ts';
import { SinglePeerListener } from '../../src/io/listen.ts';
import type { Address } from '../../src/core/types.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import { type Fixture } from './sockets.ts';

/** What one can listen on. */
export const KINDS = ['unix', 'tcp', 'tls'] as const;
type Kind = (typeof KINDS)[number];

/** To be called once in a test file. All that is opened here is closed after the test. */
export function useListeners(scene: Fixture) {
  let certificates: Certificates;
  const never = () => new AbortController().signal;
  const close = (end: () => unknown) => scene.cleanups.push(end);

  beforeAll(async () => {
    certificates = await makeCertificates();
  });

  const house = {
    get certificates() {
      return certificates;
    },

    placeOf(kind: Kind): Address {
      if (kind === 'unix') return { path: scene.path };
      return kind === 'tcp' ? { port: 0 } : { port: 0, tls: certificates.server };
    },

    async listen(address: Address, signal = never()): Promise<SinglePeerListener> {
      const listener = await SinglePeerListener.bind(parseAddress(address), signal);
      close(() => {
        listener.close();
      });
      return listener;
    },

    async accept(listener: SinglePeerListener, signal = never()): Promise<Duplex> {
      const stream = await listener.accept(signal);
      close(() => stream.destroy());
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
      return kind === 'tls' ? house.dialTls(listener) : house.dial(listener);
    },
  };

  /** A client whose errors do not matter. */
  function keep(client: Socket): Socket {
    close(() => client.destroy());
    return client.on('error', () => undefined).resume();
  }

  return house;
}

/** Resolves when a client finds nobody at the address any more. */
export function refused({ address }: SinglePeerListener): Promise<void> {
  return until(async () => {
    const client = connect({ ...address });
    const [outcome] = await Promise.allSettled([once(client, 'connect')]);
    client.destroy();
    return outcome.status === 'rejected';
  });
}

/** Resolves when the condition holds; it is the test's own deadline that limits the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await turn();
}
