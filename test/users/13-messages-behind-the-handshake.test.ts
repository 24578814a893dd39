/** Messages that arrive together with the last message of the handshake. */

import { AsyncProtocol, lines, streamPair } from 'wirechart';
import { QmpClient } from 'wirechart/qmp';
import { expect, it } from 'vitest';

it('reach a handler that is set on the line after `await connect()`', async () => {
  const [stream, peer] = streamPair();
  let handle: (line: string) => void = () => expect.unreachable('It was set too late');
  const protocol = new AsyncProtocol<string>({
    codec: lines(),
    handshake: async ({ receive }) => {
      expect(await receive()).toBe('hello');
    },
    onMessage: (line) => {
      handle(line);
    },
  });
  peer.write('hello\nfirst\n');
  await protocol.connect({ stream });
  const first = await new Promise((resolve) => (handle = resolve));
  expect(first).toBe('first');
  peer.destroy();
  await protocol.closed;
});

it('are events that a listener gets which is added on the line after `await connect()`', async () => {
  const [stream, peer] = streamPair();
  const client = new QmpClient();
  peer.write(
    '{"QMP": {"version": {"qemu": {"major": 9, "minor": 0, "micro": 0}}, "capabilities": []}}\n',
  );
  peer.once('data', (chunk: Buffer) => {
    const { id } = JSON.parse(String(chunk)) as { id: number };
    const timestamp = { seconds: 1, microseconds: 2 };
    peer.write(
      `${JSON.stringify({ return: {}, id })}\n${JSON.stringify({ event: 'STOP', timestamp })}\n`,
    );
  });
  await client.connect({ stream });
  const stopped = new Promise((resolve) => client.on('STOP', resolve));
  expect(await stopped).toMatchObject({ event: 'STOP' });
  peer.destroy();
  await client.closed;
});
