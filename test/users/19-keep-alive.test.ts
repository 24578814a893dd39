/** A peer whose system has vanished sends nothing any more: the kernel has to probe for it. */

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { AsyncProtocol, lines, ProtocolServer } from 'wirechart';
import { describe, expect, it, onTestFinished } from 'vitest';
import { secondsToProbe, thrownBy } from './support.ts';

interface KeepAlive {
  readonly keepAlive?: boolean | number;
}

const CASES: [string, KeepAlive, number | undefined][] = [
  ['after 30 s by default', {}, 30],
  ['after as long as one says', { keepAlive: 10_000 }, 10],
  ['never, if one says so', { keepAlive: false }, undefined],
];

/** Asserts the time of the next probe, which runs already. */
function expectProbe(seconds: number | undefined, expected: number | undefined): void {
  if (expected === undefined) expect(seconds).toBeUndefined();
  else expect(Math.abs((seconds ?? 0) - expected)).toBeLessThan(2);
}

function createProtocol(): AsyncProtocol<string> {
  const protocol = new AsyncProtocol({ codec: lines() });
  onTestFinished(() => protocol.disconnect({ force: true }).catch(() => undefined));
  return protocol;
}

describe('a peer is probed', () => {
  it.each(CASES)('%s, when it was dialled', async (_, keepAlive, expected) => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const accepted = once(server, 'connection');
    const protocol = createProtocol();
    await protocol.connect({ port, ...keepAlive });
    const [socket] = (await accepted) as [{ remotePort: number }];
    expectProbe(secondsToProbe(socket.remotePort, port), expected);
  });

  it.each(CASES)('%s, when it was accepted', async (_, keepAlive, expected) => {
    const protocol = createProtocol();
    const { port } = await protocol.listen({ port: 0, ...keepAlive });
    const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    await protocol.accept();
    expectProbe(secondsToProbe(port, socket.localPort ?? 0), expected);
  });

  it.each(CASES)('%s, when a server accepted it', async (_, keepAlive, expected) => {
    const server = new ProtocolServer<string>({ codec: lines() });
    onTestFinished(() => server.close({ force: true }));
    const { port } = await server.listen({ port: 0, ...keepAlive });
    const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    for await (const peer of server) {
      expect(peer.runstate).toBe('RUNNING');
      break;
    }
    expectProbe(secondsToProbe(port, socket.localPort ?? 0), expected);
  });
});

describe('an address', () => {
  it.each([
    [
      { port: 1, keepalive: true },
      "An address has no member 'keepalive': did you mean 'keepAlive'?",
    ],
    [{ port: 1, keepAlive: '5' }, 'not "5" (a string)'],
    [{ path: '/x', keepAlive: true }, "'keepAlive' belongs to a TCP address"],
    [{ hostname: 'vm', port: 1 }, "An address has no member 'hostname'; it has host, port"],
    [{ path: '/x', abstract: true }, "An address has no member 'abstract'; it has path"],
  ])('is refused when a member of it would do nothing: %j', async (address, message) => {
    for (const call of ['connect', 'listen'] as const) {
      // As a program in plain JavaScript may pass it.
      expect(await thrownBy(() => createProtocol()[call](address as never))).toMatchObject({
        code: 'ERR_CONNECT',
        retryable: false,
        cause: { name: 'ArgumentError', message: expect.stringContaining(message) as string },
      });
    }
  });
});
