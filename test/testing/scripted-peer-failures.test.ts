/** A scripted peer reports what its script did not expect, once, and leaves nothing open. */

import { describe, expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { ArgumentError, AsyncProtocol, lines, streamPair } from '../../src/index.ts';
import {
  faults,
  type PeerScript,
  ScriptedPeer,
  type ScriptedPeerOptions,
} from '../../src/testing/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { expectNoHandles } from '../support/handles.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

/** A client of lines, and a peer at the other end of a stream. */
async function connected(
  script?: PeerScript<string>,
  options: Partial<ScriptedPeerOptions<string>> = {},
): Promise<{ client: AsyncProtocol<string>; peer: ScriptedPeer<string> }> {
  const peer = new ScriptedPeer<string>({ codec: lines(), script, ...options });
  const client = new AsyncProtocol({ codec: lines(), onMessage: () => undefined });
  cleanUp(() => peer.close());
  cleanUp(() => client.disconnect({ force: true }).catch(() => undefined));
  const [ours, theirs] = streamPair();
  await Promise.all([peer.adopt(theirs), client.connect({ stream: ours })]);
  return { client, peer };
}

describe('done() rejects', () => {
  test('when another message came than was expected, which drops the connection', async () => {
    const { client, peer } = await connected(async ({ expect }) => {
      await expect('hello');
      await expect('bye');
    });
    await client.send('hello');
    await client.send('goodbye');
    expect(await rejection(peer.done())).toMatchObject({
      name: 'ScriptError',
      message: "The script expected 'bye', but received 'goodbye'.",
      expected: 'bye',
      actual: 'goodbye',
    });
    expect(await client.closed).toMatchObject({ suppressed: [] });
  });

  test('when a function does not accept a message', async () => {
    const isLong = (line: string): boolean => line.length > 9;
    const { client, peer } = await connected(({ expect }) => expect(isLong));
    await client.send('short');
    const error = await rejection(peer.done());
    expect(error).toMatchObject({ message: expect.stringMatching(/isLong.*'short'/) as string });
    expect(error).not.toHaveProperty('expected');
  });

  test('when the session ends before a message that was expected', async () => {
    const { client, peer } = await connected(({ expect }) => expect('hello'));
    await client.disconnect();
    expect(await rejection(peer.done())).toMatchObject({
      message: "The script expected 'hello', but the session has ended: The other side has left",
      cause: { code: 'ERR_CLOSED' },
    });
  });

  test('when an expected message does not come in time', async () => {
    const script: PeerScript<string> = async ({ expect }) => {
      await expect('one');
      await expect('two');
    };
    const { client, peer } = await connected(script, { timeout: 50 });
    await client.send('one');
    expect(await rejection(peer.done())).toMatchObject({
      message:
        "After 50 ms, the script of connection 1 waits for expect('two'). " +
        "The last messages that it has received: 'one'.",
    });
  });

  test('when the script waits for a clock that stands still', async () => {
    const options = { timeout: 50, clock: new SimulatedClock() };
    const { peer } = await connected(({ delay }) => delay(1_000), options);
    expect(await rejection(peer.done())).toMatchObject({
      message: expect.stringContaining('waits for delay(1000). The peer has received no') as string,
    });
  });

  test('when there is no connection', async () => {
    const peer = new ScriptedPeer({ codec: lines(), script: () => undefined, timeout: 50 });
    const nothing = { message: 'After 50 ms, there is no connection.' };
    expect(await rejection(peer.done())).toMatchObject(nothing);
    expect(await rejection(peer.send('hello'))).toMatchObject(nothing);
    await peer.close();
  });

  test('when a message comes that nothing is for', async () => {
    const { client, peer } = await connected();
    await client.send('hello');
    await client.closed;
    const text = "The peer received 'hello', and no reply() is for it.";
    expect(await rejection(peer.done())).toMatchObject({ message: text, actual: 'hello' });
  });

  test('when a message comes after the script was done, or is left over by it', async () => {
    const { client, peer } = await connected(({ receive }) => receive());
    await client.send('one');
    await client.send('two');
    expect(await rejection(peer.done())).toMatchObject({
      message: "The peer received 'two' after its script was done, and no reply() is for it.",
    });
  });

  test('with what the script, or the function of a reply, has thrown', async () => {
    const reason = new TypeError('mine');
    const fail = (): never => {
      throw reason;
    };
    const { peer } = await connected(fail);
    expect(await rejection(peer.done())).toBe(reason);
    const other = await connected();
    other.peer.reply('hello', fail);
    await other.client.send('hello');
    await other.client.closed;
    expect(await rejection(other.peer.done())).toBe(reason);
  });

  test('when the script sends what the codec cannot encode', async () => {
    const { peer } = await connected(({ send }) => send('two\nlines'));
    expect(await rejection(peer.done())).toMatchObject({ code: 'ERR_CODEC' });
  });

  test('when bytes come that are no message', async () => {
    const peer = new ScriptedPeer({
      codec: lines(),
      script: ({ receive }) => receive(),
    });
    cleanUp(() => peer.close());
    const [ours, theirs] = streamPair();
    await peer.adopt(theirs);
    ours.write(Uint8Array.of(0xff, 0x0a));
    expect(await rejection(peer.done())).toMatchObject({
      message: expect.stringContaining(
        'The peer received bytes that are not a message: The bytes are not UTF-8',
      ) as string,
    });
    ours.destroy();
  });

  test('when its handshake fails', async () => {
    const peer = new ScriptedPeer({
      codec: lines(),
      handshake: () => Promise.reject(new Error('not me')),
    });
    cleanUp(() => peer.close());
    const [ours, theirs] = streamPair();
    await rejection(peer.adopt(theirs));
    expect(await rejection(peer.done())).toMatchObject({
      message: expect.stringContaining('not me') as string,
    });
    ours.destroy();
  });
});

describe('a failure', () => {
  const unexpected: PeerScript<string> = ({ expect }) => expect('hello');

  test('is thrown at the end of `await using`, when the peer is closed', async () => {
    const using = async (): Promise<void> => {
      await using peer = new ScriptedPeer({ codec: lines(), script: unexpected });
      await using client = new AsyncProtocol({ codec: lines() });
      await client.connect(await peer.listen());
      await client.send('goodbye');
    };
    expect(await rejection(using())).toMatchObject({ name: 'ScriptError', actual: 'goodbye' });
    await expectNoHandles();
  });

  test('is thrown there also if a message has never come', async () => {
    const using = async (): Promise<void> => {
      await using peer = new ScriptedPeer({ codec: lines(), script: unexpected, timeout: 50 });
      const client = new AsyncProtocol({ codec: lines() });
      await client.connect(await peer.listen());
      cleanUp(() => client.disconnect({ force: true }).catch(() => undefined));
    };
    expect(await rejection(using())).toMatchObject({
      message: expect.stringContaining("waits for expect('hello')") as string,
    });
  });

  test('is thrown once', async () => {
    const { client, peer } = await connected(unexpected);
    await client.send('goodbye');
    expect(await rejection(peer.done())).toMatchObject({ actual: 'goodbye' });
    await peer[Symbol.asyncDispose]();
  });

  test('is none when the other side leaves in the middle of a message', async () => {
    const { peer } = await connected();
    const [ours, theirs] = streamPair();
    await peer.adopt(theirs);
    ours.end('hal');
    ours.resume();
    await peer.done();
  });

  test('is none when the script sends to a client that has left', async () => {
    const { client, peer } = await connected(async ({ receive, send, show, signal }) => {
      await receive();
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      await send('too late');
      await show(faults.raw('too late'));
    });
    await client.send('hello');
    await client.disconnect();
    await peer.done();
  });
});

describe('the end', () => {
  test('leaves nothing open', async () => {
    const client = new AsyncProtocol({ codec: lines(), onMessage: () => undefined });
    {
      await using peer = new ScriptedPeer({
        codec: lines(),
        script: async ({ send, receive }) => {
          await send('welcome');
          await receive();
        },
      });
      await client.connect(await peer.listen());
    }
    await client.closed;
    await expectNoHandles();
  });

  test('close() may come first, and makes listen(), adopt() and connect() reject', async () => {
    const peer = new ScriptedPeer({ codec: lines() });
    await peer.close();
    await peer.close();
    for (const call of [peer.listen(), peer.adopt(streamPair()[0]), peer.connect({ port: 1 })]) {
      expect(await rejection(call)).toMatchObject({ code: 'ERR_CONNECT' });
    }
  });
});

describe('wrong options', () => {
  test.each([
    { codec: undefined },
    { codec: lines },
    { timeout: 0 },
    { script: 'hello' },
    { handshake: 1 },
    { scripts: () => undefined },
  ])('such as %j are an ArgumentError', (wrong) => {
    const options = { codec: lines(), ...wrong } as ScriptedPeerOptions<string>;
    expect(() => new ScriptedPeer(options)).toThrow(ArgumentError);
  });
});
