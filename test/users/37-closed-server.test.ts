/** A loop over the peers of a server that is closed, or was never opened. */

import { AsyncProtocol, lines, ProtocolServer, streamPair } from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';

const createServer = () => {
  const server = new ProtocolServer({ codec: lines() });
  onTestFinished(() => server.close({ force: true }));
  return server;
};

/** Iterates a server to the end of the loop, and resolves with the names of its peers. */
async function namesOf(server: ProtocolServer<string>): Promise<(string | undefined)[]> {
  const names: (string | undefined)[] = [];
  for await (const { name } of server) names.push(name);
  return names;
}

it('ends at once when the server was closed', async () => {
  const server = createServer();
  await server.listen({ port: 0 });
  await server.close();
  expect(await namesOf(server)).toEqual([]);
});

it('ends at once when the server was closed before it had listened, or could not listen', async () => {
  const [closed, failed] = [createServer(), createServer()];
  await closed.close();
  expect(await namesOf(closed)).toEqual([]);
  await expect(failed.listen('/nowhere/at/all/socket')).rejects.toMatchObject({
    code: 'ERR_CONNECT',
  });
  expect(await namesOf(failed)).toEqual([]);
});

it('waits for the first listen(), and ends with the next close()', async () => {
  const server = createServer();
  const names = namesOf(server);
  const client = new AsyncProtocol({ codec: lines() });
  await client.connect(await server.listen({ port: 0 }));
  await expect.poll(() => server.peers.length).toBe(1);
  await Promise.all([server.close(), client.closed]);
  expect(await names).toEqual(['#1']);
});

it('waits again as soon as listen() or adopt() was called once more', async () => {
  const server = createServer();
  await server.close();
  const bound = server.listen({ port: 0 });
  const names = [namesOf(server)];
  await bound;
  await server.close();
  void server.adopt(streamPair()[0]);
  names.push(namesOf(server));
  await expect.poll(() => server.peers.length).toBe(1);
  await server.close({ force: true });
  expect(await Promise.all(names)).toEqual([[], ['#1']]);
});
