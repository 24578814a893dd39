import { type Address, streamPair } from '../../src/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { type Carrier, contract } from './contract.ts';

expectIdleAfterEach();

const { ca, server } = await makeCertificates();

/** One listens at an address, the other dials the address that it is told. */
function dialled(
  listenAt: () => Promise<Address>,
  client: object,
  who: 'accept' | 'connect',
): () => Promise<Carrier> {
  return async () => {
    const address = await listenAt();
    return {
      join: async (near, far) => {
        const [listener, dialer] = who === 'accept' ? [near, far] : [far, near];
        const bound = await listener.listen(address);
        await Promise.all([listener.accept(), dialer.connect({ ...bound, ...client })]);
      },
    };
  };
}

const TCP = { host: '127.0.0.1', port: 0 };
const CARRIERS = [
  { name: 'a UNIX socket', at: async () => `${await tempDir()}/socket`, client: {} },
  { name: 'TCP', at: () => Promise.resolve(TCP), client: {} },
  {
    name: 'TLS',
    at: () => Promise.resolve({ ...TCP, tls: server }),
    client: { tls: { ca } },
  },
];

for (const { name, at, client } of CARRIERS) {
  contract(`${name}, after connect()`, dialled(at, client, 'connect'));
  contract(`${name}, after accept()`, dialled(at, client, 'accept'));
}

contract('a stream pair', () => {
  const [left, right] = streamPair();
  return Promise.resolve({
    join: async (near, far) => {
      await Promise.all([near.connect({ stream: left }), far.connect({ stream: right })]);
    },
  });
});
