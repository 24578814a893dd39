/** A server that goes on answering peers that have ended their side of the stream. */

import { connect } from 'node:net';
import { lines, ProtocolServer } from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';

it('answers a peer that has ended its side, with allowHalfOpen', async () => {
  const server = new ProtocolServer<string>(
    (_, peer) => ({
      codec: lines(),
      onMessage: (line) => void setImmediate(() => void peer().send(`late ${line}`)),
      // After the answers, which were put off in the same way.
      onEnd: () => void setImmediate(() => void peer().disconnect()),
    }),
    { allowHalfOpen: true },
  );
  onTestFinished(() => server.close({ force: true }));
  const { host, port } = await server.listen({ port: 0 });
  const socket = connect({ host, port, allowHalfOpen: true });
  socket.end('one\ntwo\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  expect(text).toBe('late one\nlate two\n');
});
