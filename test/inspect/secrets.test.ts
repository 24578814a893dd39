/** No planted secret reaches an inspector: neither in the frames of contexts and events, nor of messages. */

import { describe, expect, it } from 'vitest';
import { createActor, createMachine, sendTo } from 'xstate';
import { createProtocolMachine, jsonLines, redactSecrets, streamPair } from '../../src/index.ts';
import { Feed } from '../../src/inspect/feed.ts';
import type { ProtocolDefinition } from '../../src/core/types.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { report, startFakeInspector } from './inspectors.ts';
import { watch } from './support.ts';

expectIdleAfterEach();

type Message = Readonly<Record<string, unknown>>;
const planted = { password: 'PLANTED', login: { token: 'PLANTED' }, n: 1 };
const address = { host: '127.0.0.1', port: 1, tls: { key: 'PLANTED', passphrase: 'PLANTED' } };

/** Two protocols that exchange a message in the handshake and one after it. */
async function exchange(definition: ProtocolDefinition<Message>, feed: Feed) {
  const handshaking: ProtocolDefinition<Message> = {
    ...definition,
    handshake: async (session) => {
      await session.send(planted);
      await session.receive();
    },
  };
  const left = createProtocol(handshaking, { name: 'left', inspect: feed.inspect });
  const right = createProtocol(handshaking);
  const [near, far] = streamPair();
  await Promise.all([left.connect({ stream: near }), right.connect({ stream: far })]);
  await left.send(planted);
  await left.disconnect();
}

describe('the frames of messages', () => {
  it('show no member whose name says that it is a secret', async () => {
    const feed = new Feed();
    const log = watch(feed);
    feed.setTapping(true);
    await exchange({ codec: jsonLines() }, feed);
    const frames = log.of('wirechart.message');
    const text = '{"password":"[redacted]","login":{"token":"[redacted]"},"n":1}';
    expect(frames.map((frame) => frame.text)).toEqual([text, text, text]);
    expect(log.lines.join('\n')).not.toContain('PLANTED');
  });

  it('show what the protocol says', async () => {
    const feed = new Feed();
    const log = watch(feed);
    feed.setTapping(true);
    const redact = (message: Message) => redactSecrets(message, { also: ['n'] });
    await exchange({ codec: jsonLines(), redact }, feed);
    expect(log.of('wirechart.message').map((frame) => frame.text)).toContain(
      '{"password":"[redacted]","login":{"token":"[redacted]"},"n":"[redacted]"}',
    );
  });
});

describe('the frames of events and contexts', () => {
  it('show no key of an address, from the facade or from an event of the user', async () => {
    const inspector = await startFakeInspector();
    const inspection = report(inspector.url);
    const connection = createProtocolMachine({ codec: jsonLines() });
    const parent = createMachine({
      context: { address, list: new Map([['passphrase', 'PLANTED']]) },
      invoke: { id: 'connection', src: connection, input: { address } },
      on: { DIAL: { actions: sendTo('connection', { type: 'CONNECT', address }) } },
    });
    const actor = createActor(parent, { id: 'parent', inspect: inspection.inspect });
    actor.start();
    actor.send({ type: 'DIAL' });
    const program = await inspector.nextConnection();
    actor.stop();
    await inspection.close();
    await program.closed;
    const frames = program.lines.join('\n');
    expect(frames).toContain('CONNECT');
    expect(frames).not.toContain('PLANTED');
  });

  it('show the messages that a machine forwards as its protocol says', async () => {
    const feed = new Feed();
    const log = watch(feed);
    const redact = (message: Message) => redactSecrets(message, { also: ['n'] });
    const machine = createProtocolMachine(
      { codec: jsonLines<Message>(), redact },
      { forward: true },
    );
    const actor = createActor(machine, { id: 'm', inspect: feed.inspect });
    const [near, far] = streamPair();
    actor.start();
    const received = new Promise((resolve) => actor.on('message', resolve));
    actor.send({ type: 'CONNECT', address: { stream: near } });
    far.write('{"n":"PLANTED","password":"PLANTED","shown":1}\n');
    await received;
    actor.stop();
    far.destroy();
    const lines = log.lines.join('\n');
    expect(lines).toContain('MESSAGES');
    expect(lines).toContain('shown');
    expect(lines).not.toContain('PLANTED');
  });
});
