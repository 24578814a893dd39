/** What a log shows of a server and of its peers. */

import { inspect } from 'node:util';
import { lines, ProtocolServer, streamPair } from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';

const looksOf = (value: { toString(): string }): string[] => [value.toString(), inspect(value)];
const twice = (text: string): string[] => [text, text];

it('shows the name and the state of a server, and how many peers it has', async () => {
  const server = new ProtocolServer({ codec: lines() }, { name: 'chat' });
  onTestFinished(() => server.close({ force: true }));
  expect(looksOf(server)).toEqual(twice("<ProtocolServer name='chat' state=IDLE peers=0>"));
  await server.listen({ port: 0 });
  const peer = await server.adopt(streamPair()[0]);
  expect(looksOf(server)).toEqual(twice("<ProtocolServer name='chat' state=LISTENING peers=1>"));
  expect(looksOf(peer)).toEqual(twice("<AsyncProtocol name='chat#1' runstate=RUNNING>"));
  expect(inspect({ peers: server.peers })).toBe(
    "{ peers: [ <AsyncProtocol name='chat#1' runstate=RUNNING> ] }",
  );
});

it('shows where it listens, in a form that connect() takes', async () => {
  const server = new ProtocolServer({ codec: lines() });
  onTestFinished(() => server.close({ force: true }));
  expect(server.address).toBeUndefined();
  const { host, port } = await server.listen({ port: 0 });
  expect(server.address).toEqual({ host, port });
});
