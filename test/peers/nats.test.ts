/** The example of a NATS client, with a real server. */

import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { Nats } from '../../examples/nats/client.ts';
import type { Message } from '../../examples/nats/codec.ts';
import { ClosedError, CodecError, ConnectError, RefusedError, supervise } from '../../src/index.ts';
import { NatsServer, Received } from '../examples/nats.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { describePeer, freePort } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';
import { runExample } from '../support/run-example.ts';

expectIdleAfterEach();

class Guest extends Nats {
  override login = { user: 'guest', pass: 'secret' };
}

const USERS = `authorization { users: [
  { user: guest, password: secret, permissions: { publish: ["open", "_INBOX.>"], subscribe: ">" } }
] }`;

describePeer('nats-server', (path) => {
  async function setUp(config = '') {
    const server = await NatsServer.start(path, config);
    return { server, address: { port: server.port } };
  }
  async function connected(kind = Nats) {
    const { server, address } = await setUp();
    const client = track(new kind());
    await client.connect(address);
    return { server, address, client };
  }
  /** Subscribes, and keeps the messages. */
  function listen(client: Nats, subject: string, queue?: string): Received<Message> {
    const received = new Received<Message>();
    client.subscribe(subject, received.push, queue);
    return received;
  }

  test('the handshake keeps what the server says of itself', async () => {
    const { client } = await connected();
    expect(client.negotiated).toMatchObject({ op: 'INFO', headers: true, max_payload: 1_048_576 });
    await client.disconnect();
    expect(client.outcome).toEqual({ suppressed: [], undelivered: 0 });
  });

  test('messages arrive in order, with any payload', async () => {
    const { client } = await connected();
    const received = listen(client, 'a.*');
    const large = Buffer.from(Array.from({ length: 1_000_000 }, (_, at) => at));
    for (let at = 0; at < 1000; at += 1) await client.publish('a.b', String(at));
    await client.publish('b', 'not wanted');
    await client.publish('a.bytes', large);
    await client.publish('a.empty');
    await client.flush();
    const [bytes, empty] = received.all.slice(-2);
    expect(received.all.slice(0, -2).map(({ text }) => Number(text))).toEqual([
      ...Array(1000).keys(),
    ]);
    expect(bytes?.data.equals(large)).toBe(true);
    expect([empty?.subject, empty?.text]).toEqual(['a.empty', '']);
    await client.disconnect();
  });

  test('the client and that of the NATS project answer each other', async () => {
    const { server, client } = await connected();
    const other = await connect({ servers: server.url });
    cleanUp(() => other.close());
    other.subscribe('square', {
      callback: (_, question) => {
        question.respond(String(Number(question.string()) ** 2));
      },
    });
    client.subscribe('double', ({ text, reply = '' }) =>
      client.publish(reply, String(2 * Number(text))),
    );
    await Promise.all([other.flush(), client.flush()]);
    const answers = Array.from({ length: 100 }, (_, at) => client.request('square', String(at)));
    expect((await Promise.all(answers)).map(({ text }) => Number(text))).toEqual(
      answers.map((_, at) => at * at),
    );
    expect((await other.request('double', '21')).string()).toBe('42');
    await client.disconnect();
  });

  test('a request without a responder is refused at once', async () => {
    const { client } = await connected();
    expect(await rejection(client.request('nothing.there'))).toBeInstanceOf(RefusedError);
    await client.disconnect();
  });

  test('a request can be given up', async () => {
    const { client } = await connected();
    listen(client, 'silent');
    const giveUp = new AbortController();
    const request = rejection(client.request('silent', '', { signal: giveUp.signal }));
    await client.flush();
    giveUp.abort('enough');
    expect(await request).toBe('enough');
    await client.disconnect();
  });

  test('of the members of a queue, one gets a message', async () => {
    const { address, client } = await connected();
    const other = track(new Nats());
    await other.connect(address);
    const all = [listen(client, 'work', 'workers'), listen(other, 'work', 'workers')];
    await Promise.all([client.flush(), other.flush()]);
    for (let at = 0; at < 100; at += 1) await client.publish('work', String(at));
    await client.flush();
    await other.flush();
    const numbers = all.flatMap((received) => received.all.map(({ text }) => Number(text)));
    expect(numbers.sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
    await Promise.all([client.disconnect(), other.disconnect()]);
  });

  test('a subscription that was ended gets no message', async () => {
    const { client } = await connected();
    const received = new Received<Message>();
    const first = client.subscribe('a', received.push);
    await client.publish('a', '1');
    await client.flush();
    client.unsubscribe(first);
    await client.publish('a', '2');
    await client.flush();
    expect(received.all.map(({ text }) => text)).toEqual(['1']);
    await client.disconnect();
  });

  test('a subject that would be another operation is refused, and the session goes on', async () => {
    const { client } = await connected();
    expect(await rejection(client.publish('a\r\nPUB b 0', ''))).toBeInstanceOf(CodecError);
    expect(() => client.subscribe('a b', () => undefined)).toThrow(CodecError);
    await client.flush();
    await client.disconnect();
  });

  test('a wrong password is a final refusal', async () => {
    const { address } = await setUp(USERS);
    const client = track(new Nats());
    const error = await rejection(client.connect(address));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({
      retryable: false,
      cause: { code: 'ERR_REFUSED', message: 'The NATS server says: Authorization Violation' },
    });
    const guest = track(new Guest());
    await guest.connect(address);
    await guest.disconnect();
  });

  test('a permission that is missing ends the session, with the reason', async () => {
    const { address } = await setUp(USERS);
    const guest = track(new Guest());
    await guest.connect(address);
    await guest.publish('open', 'allowed');
    await guest.flush();
    await guest.publish('closed', 'forbidden');
    const { cause } = await guest.closed;
    expect(cause).toBeInstanceOf(RefusedError);
    expect(cause).toMatchObject({
      message: 'The NATS server says: Permissions Violation for Publish to "closed"',
      retryable: false,
    });
  });

  test('disconnect() handles what has come, and replies to it', async () => {
    const { address, client } = await connected();
    const service = track(new Nats());
    let served = 0;
    service.subscribe('slow', async ({ text, reply = '' }) => {
      served += 1;
      await new Promise(setImmediate);
      await service.publish(reply, `${text} done`);
    });
    await service.connect(address);
    await service.flush();
    const replies = Array.from({ length: 50 }, (_, at) => client.request('slow', String(at)));
    await client.flush();
    await service.disconnect();
    expect(service.outcome).toEqual({ suppressed: [], undelivered: 0 });
    expect((await Promise.all(replies)).map(({ text }) => text)).toEqual(
      replies.map((_, at) => `${String(at)} done`),
    );
    expect(served).toBe(50);
    expect(await rejection(client.request('slow'))).toBeInstanceOf(RefusedError);
    await client.disconnect();
  });

  test('disconnect() waits for the replies to pending requests', async () => {
    const { address, client } = await connected();
    const other = track(new Nats());
    await other.connect(address);
    const requests = listen(other, 'question');
    await other.flush();
    const reply = client.request('question', '?');
    const { reply: inbox = '' } = await requests.next(() => true);
    const left = client.disconnect();
    await other.publish(inbox, 'answer');
    await left;
    expect((await reply).text).toBe('answer');
    expect(client.outcome).toEqual({ suppressed: [], undelivered: 0 });
    await other.disconnect();
  });

  test('under supervise(), subscriptions outlast a restart of the server', async () => {
    const { server, address } = await setUp();
    const supervisor = supervise(Nats, address, { backoff: { initial: 20, max: 50 } });
    const received = listen(supervisor.client, 'news');
    const silent = listen(supervisor.client, 'silent');
    const client = await supervisor.up();
    await client.publish('news', 'before');
    const pending = rejection(client.request('silent'));
    await client.flush();
    expect([received.all.length, silent.all.length]).toEqual([1, 1]);
    await server.kill();
    expect(await pending).toBeInstanceOf(ClosedError);
    await server.start();
    expect(await supervisor.up()).toBe(client);
    await client.publish('news', 'after');
    await client.flush();
    expect(received.all.map(({ text }) => text)).toEqual(['before', 'after']);
    await supervisor.stop();
  });

  test('the program of the example prints what happens, and ends', async () => {
    const output = await runExample('nats/run.ts', String(await freePort()));
    expect(output.split('\n')).toEqual([
      'reply: hello world',
      'RefusedError: There is no responder',
      'news: the service leaves',
      '',
    ]);
  });
});
