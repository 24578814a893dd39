/**
 * Secrets stay in the program: unique texts are planted in every place where a program has secrets, and
 * everything that the packages show, write or keep is searched for them.
 */

import { createPrivateKey } from 'node:crypto';
import {
  AsyncProtocol,
  createProtocolMachine,
  createSupervisorMachine,
  jsonLines,
  lines,
  ProtocolServer,
  sealAddress,
  streamPair,
  supervise,
} from 'wirechart';
import { expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { bodyOf, expectNoneIn, outlets, printed } from './outlets.ts';
import { makeCertificates } from './support.ts';

const { ca, server: identity, client } = await makeCertificates();
const PASSPHRASE = 'PLANTED-passphrase';
const encrypt = (key: string) =>
  createPrivateKey(key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: PASSPHRASE,
  });
const clientKey = encrypt(client.key);
const serverKey = encrypt(identity.key);

const KEYS = [clientKey, serverKey].flatMap((key) => bodyOf(String(key)));

const message = {
  user: 'me',
  password: 'PLANTED-1',
  nested: [{ authToken: 'PLANTED-2' }],
  headers: { Authorization: 'Bearer PLANTED-3' },
  url: 'https://me:PLANTED-4@host/',
};

it('keeps the keys of TLS, and passwords in messages, out of everything that is shown', async () => {
  const out = outlets();
  const definition = {
    codec: jsonLines<object>(),
    handshake: async (session: { send(m: object): Promise<void>; receive(): Promise<object> }) => {
      await session.send(message);
      await session.receive();
    },
  };
  await using server = new ProtocolServer(definition, {
    name: 'server',
    logger: out.records,
    inspect: out.inspect,
  });
  const bound = await server.listen({
    port: 0,
    tls: { cert: identity.cert, key: serverKey, passphrase: PASSPHRASE, ca, requestCert: true },
  });
  const tls = { ca, cert: client.cert, key: clientKey, passphrase: PASSPHRASE };
  const address = { port: 'port' in bound ? bound.port : 0, tls };
  const one = new AsyncProtocol(definition, {
    name: 'one',
    logger: out.texts,
    inspect: out.inspect,
  });
  const two = new AsyncProtocol(definition, {
    name: 'two',
    logger: out.records,
    inspect: out.recording.inspect,
  });
  await Promise.all([one.connect(address), two.connect(address)]);
  await one.send(message);
  await two.send(message);
  const running = printed([one, two, server]);
  await Promise.all([one.disconnect(), two.disconnect()]);
  const ended = printed([one, two, server, one.outcome]);
  expectNoneIn({ ...(await out.read()), running, ended }, KEYS);
});

it('keeps the keys out of persisted snapshots, of our machines and of their parents', async () => {
  const out = outlets();
  const tls = { key: 'PLANTED-key', pfx: Buffer.from('PLANTED'), passphrase: 'PLANTED-2' };
  const address = { host: '127.0.0.1', port: 1, tls: { ...tls, servername: 'vm1' } };
  const connection = createProtocolMachine({ codec: lines() });
  const options = { backoff: { random: () => 1, initial: 60_000 } };
  const supervisor = createSupervisorMachine({ codec: lines() }, options);
  const parent = createMachine({
    invoke: [
      { id: 'dialed', src: connection, input: { address } },
      { id: 'sent', src: connection },
      { id: 'supervised', src: supervisor, input: { address: sealAddress(address) } },
    ],
  });
  const actor = createActor(parent, { inspect: out.recording.inspect });
  actor.start();
  actor.getSnapshot().children['sent']?.send({ type: 'CONNECT', address });
  const persisted = [JSON.stringify(actor.getPersistedSnapshot())];
  await new Promise<void>((resolve) => {
    actor.getSnapshot().children['dialed']?.subscribe((snapshot: unknown) => {
      persisted.push(JSON.stringify(actor.getPersistedSnapshot()));
      if (JSON.stringify(snapshot).includes('"value":"IDLE"')) resolve();
    });
  });
  const contexts = Object.values(actor.getSnapshot().children).map((child) => {
    const snapshot: unknown = child.getSnapshot();
    return snapshot !== null && typeof snapshot === 'object' && 'context' in snapshot
      ? printed(snapshot.context)
      : '';
  });
  actor.stop();
  const { recording } = await out.read();
  expectNoneIn({ persisted: persisted.join('\n'), recording, contexts: contexts.join('\n') });
  expect(persisted.join()).toContain('vm1');
});

it('persists a machine whose address is a stream', async () => {
  const machine = createProtocolMachine({ codec: lines() });
  const parent = createMachine({ invoke: { id: 'connection', src: machine } });
  const actor = createActor(parent).start();
  const [near, far] = streamPair();
  const connection = actor.getSnapshot().children['connection'];
  connection?.send({ type: 'CONNECT', address: { stream: near } });
  expect(JSON.stringify(actor.getPersistedSnapshot())).toContain('"stream"');
  actor.stop();
  far.destroy();
  await Promise.resolve();
});

it('keeps the keys of an attempt that fails out of its error', async () => {
  const server = await new ProtocolServer({ codec: lines() }).listen({ port: 0 });
  const port = 'port' in server ? server.port : 0;
  const attempts = [
    { key: 'PLANTED-not-a-key', cert: client.cert },
    { pfx: Buffer.from('PLANTED-not-a-pfx'), passphrase: 'PLANTED-2' },
    { key: clientKey, cert: client.cert, passphrase: 'PLANTED-wrong' },
    { key: clientKey, cert: client.cert, passphrase: 504 as unknown as string },
    { passphrase: { PLANTED: 1 } as unknown as string },
    { ticketKeys: Buffer.from('PLANTED') },
  ];
  const shown = await Promise.all(
    attempts.map(async (tls) => {
      const protocol = new AsyncProtocol({ codec: lines() }, { timeouts: { connect: 200 } });
      const error: unknown = await protocol
        .connect({ port, tls })
        .catch((reason: unknown) => reason);
      return printed(error) + JSON.stringify(error) + printed(protocol);
    }),
  );
  expectNoneIn({ errors: shown.join('\n') }, KEYS);
  const misplaced = { port, passphrase: 'PLANTED-1', tls: {} };
  const error: unknown = await new AsyncProtocol({ codec: lines() })
    .connect(misplaced)
    .catch((reason: unknown) => reason);
  expectNoneIn({ error: printed(error) });
});

it('supervises without showing the keys', async () => {
  const out = outlets();
  const tls = { key: 'PLANTED-1', passphrase: 'PLANTED-2' };
  const supervisor = supervise({ codec: lines() }, () => ({ host: '127.0.0.1', port: 1, tls }), {
    name: 'vm1',
    attempts: 1,
    logger: out.records,
    inspect: out.recording.inspect,
  });
  const error: unknown = await supervisor.up().catch((reason: unknown) => reason);
  const fixed = supervise(
    { codec: lines() },
    { host: '127.0.0.1', port: 1, tls },
    { name: 'vm2', attempts: 1, logger: out.texts, inspect: out.inspect },
  );
  await fixed.up().catch(() => undefined);
  const shown = printed([supervisor, fixed, error, supervisor.client]);
  await Promise.all([supervisor.stop(), fixed.stop()]);
  expectNoneIn({ ...(await out.read()), shown });
});
