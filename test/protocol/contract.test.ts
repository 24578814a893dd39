import { type Address, streamPair } from '../../src/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { type Transport, contract } from './contract.ts';

expectIdleAfterEach();

const { ca, server } = await makeCertificates();

/** One side listens, the other dials the bound address; `role` is what the near side does. */
function overSocket(
  listenAt: () => Promise<Address>,
  client: object,
  role: 'accept' | 'connect',
): () => Promise<Transport> {
  return async () => {
    const address = await listenAt();
    return {
      join: async (near, far) => {
        const [listener, dialer] = role === 'accept' ? [near, far] : [far, near];
        const bound = await listener.listen(address);
        await Promise.all([listener.accept(), dialer.connect({ ...bound, ...client })]);
      },
    };
  };
}

const TCP = { host: '127.0.0.1', port: 0 };
const TRANSPORTS = [
  { name: 'a UNIX socket', at: async () => `${await tempDir()}/socket`, client: {} },
  { name: 'TCP', at: () => Promise.resolve(TCP), client: {} },
  {
    name: 'TLS',
    at: () => Promise.resolve({ ...TCP, tls: server }),
    client: { tls: { ca } },
  },
];

for (const { name, at, client } of TRANSPORTS) {
  contract(`${name}, after connect()`, overSocket(at, client, 'connect'));
  contract(`${name}, after accept()`, overSocket(at, client, 'accept'));
}

contract('a stream pair', () => {
  const [left, right] = streamPair();
  return Promise.resolve({
    join: async (near, far) => {
      await Promise.all([near.connect({ stream: left }), far.connect({ stream: right })]);
    },
  });
});
