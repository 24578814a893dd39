/** STARTTLS on the server's side. */

import { beforeAll, describe, expect, it } from 'vitest';
import { lines, type Remote, streamPair } from '../../src/index.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { createTestServer, dialSocket } from '../support/servers.ts';
import { rejection, turn } from '../support/signal.ts';
import { client, grantTls, server } from './starttls.ts';

expectIdleAfterEach();

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates();
});

describe('upgrade() of a server', () => {
  it('serves a client of its own kind, over TCP', async () => {
    const { server: peers } = createTestServer(() => server(certificates.server));
    const address = await peers.listen({ port: 0 });
    const received: string[] = [];
    const arrived: { resolve?: () => void } = {};
    const done = new Promise<void>((resolve) => (arrived.resolve = resolve));
    const protocol = createProtocol<string, string, string>({
      ...client({ ca: certificates.ca }),
      onMessage: (line) => {
        received.push(line);
        arrived.resolve?.();
      },
    });
    await protocol.connect(address);
    expect(protocol.negotiated).toBe('you said HELLO');
    await protocol.send('loud');
    await done;
    expect(received).toEqual(['LOUD']);
    await protocol.disconnect();
    await peers.close();
  });

  it('refuses a command that was inserted in plaintext behind STARTTLS', async () => {
    const { server: peers, errors, failed } = createTestServer(() => server(certificates.server));
    const address = await peers.listen({ port: 0 });
    const socket = await dialSocket(address);
    socket.write('STARTTLS\nRCPT TO:<mallory>\n');
    await failed(1);
    expect(errors[0]?.error).toMatchObject({ cause: { code: 'ERR_CODEC' } });
    socket.destroy();
    await peers.close();
  });

  it('tells who the client is, by its certificate', async () => {
    const remotes: Remote[] = [];
    const definition = server({
      ...certificates.server,
      ca: certificates.ca,
      requestCert: true,
    });
    const { server: peers } = createTestServer(() => ({
      ...definition,
      onMessage: (_, { remote }) => void remotes.push(remote),
      onEnd: () => undefined,
    }));
    const address = await peers.listen({ port: 0 });
    const protocol = createProtocol(client({ ca: certificates.ca, ...certificates.client }));
    await protocol.connect(address);
    await protocol.send('who am I?');
    await protocol.disconnect();
    await peers.close();
    expect(remotes).toMatchObject([{ authorized: true, address: '127.0.0.1' }]);
    expect(remotes[0]?.certificate?.serialNumber).toBeTypeOf('string');
  });

  it('refuses a client without a certificate if it requires one', async () => {
    const tls = { ...certificates.server, ca: certificates.ca, requestCert: true };
    const { server: peers, failed, errors } = createTestServer(() => server(tls));
    const address = await peers.listen({ port: 0 });
    const connected = createProtocol(client({ ca: certificates.ca })).connect(address);
    await failed(1);
    await rejection(connected);
    expect(errors).toHaveLength(1);
    await peers.close();
  });

  it('is on the side that accepted, and on a stream of the user where isServer says so', async () => {
    const [near, far] = streamPair();
    const accepted = createProtocol(server(certificates.server, { isServer: true }));
    const dialed = createProtocol(client({ ca: certificates.ca }));
    await Promise.all([accepted.connect({ stream: far }), dialed.connect({ stream: near })]);
    expect([accepted.negotiated, dialed.negotiated]).toEqual(['HELLO', 'you said HELLO']);
    await Promise.all([dialed.disconnect(), accepted.disconnect()]);

    const listening = createProtocol(server(certificates.server));
    const address = await listening.listen({ port: 0 });
    await Promise.all([listening.accept(), dialed.connect(address)]);
    expect(dialed.negotiated).toBe('you said HELLO');
    await Promise.all([dialed.disconnect(), listening.disconnect()]);
  });

  it('takes the first bytes of TLS that came while it was still answering', async () => {
    const [near, far] = streamPair();
    const accepted = createProtocol<string, string, string>({
      codec: lines(),
      handshake: async (session) => {
        const late = async (line: string): Promise<void> => {
          await session.send(line);
          while (line === '220 go' && far.readableLength === 0) await turn();
        };
        const { receive, upgrade, remote, signal, switchCodec, negotiated } = session;
        const slow = { receive, upgrade, remote, signal, switchCodec, negotiated, send: late };
        return grantTls(certificates.server, { isServer: true })(slow);
      },
    });
    const dialed = createProtocol(client({ ca: certificates.ca }));
    await Promise.all([accepted.connect({ stream: far }), dialed.connect({ stream: near })]);
    expect(dialed.negotiated).toBe('you said HELLO');
    await Promise.all([dialed.disconnect(), accepted.disconnect()]);
  });
});
