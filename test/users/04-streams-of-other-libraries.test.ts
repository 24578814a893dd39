/** Streams that are no instances of Node's own classes. */

import type { Duplex } from 'node:stream';
import duplexify from 'duplexify';
import { Transform } from 'readable-stream';
import { AsyncProtocol, lines, streamPair } from 'wirechart';
import { expect, it } from 'vitest';

/** Sends a line over the stream, and returns the first line that comes back. */
async function echoOver(stream: Parameters<typeof connectOver>[0]): Promise<string> {
  const { protocol, first } = await connectOver(stream);
  await protocol.send('hello');
  const line = await first;
  await protocol.disconnect({ force: true });
  return line;
}

type Address = Extract<Parameters<AsyncProtocol<string>['connect']>[0], { stream: unknown }>;

async function connectOver(stream: Address['stream']) {
  let receive: (line: string) => void = () => undefined;
  const first = new Promise<string>((resolve) => {
    receive = resolve;
  });
  const protocol = new AsyncProtocol<string>({ codec: lines(), onMessage: receive });
  await protocol.connect({ stream });
  return { protocol, first };
}

/** The near end of a connection whose far end returns everything. */
function echo(): Duplex {
  const [near, far] = streamPair();
  far.on('error', () => undefined).pipe(far);
  return near;
}

it('of readable-stream', async () => {
  const stream = new Transform({
    transform(chunk: Buffer, _: string, done: (error: null, chunk: Buffer) => void) {
      done(null, chunk);
    },
  });
  expect(await echoOver(stream)).toBe('hello');
});

it('of duplexify', async () => {
  const near = echo();
  expect(await echoOver(duplexify(near, near))).toBe('hello');
});

it('and pairs of a readable and a writable stream', async () => {
  const near = echo();
  expect(await echoOver({ readable: near, writable: near })).toBe('hello');
});

it('and pairs of the WHATWG', async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  expect(await echoOver({ readable, writable })).toBe('hello');
});
