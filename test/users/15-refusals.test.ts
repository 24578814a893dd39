/**
 * A peer that refuses us for the moment: PostgreSQL's "the database system is starting up". An author can only
 * throw in a handshake or in onMessage, and that must not count as a defect of the program.
 */

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import {
  AsyncProtocol,
  ConnectError,
  createProtocolMachine,
  HandlerError,
  isWirechartError,
  lines,
  type ProtocolDefinition,
  RefusedError,
  type SessionOutcome,
  streamPair,
  supervise,
  type Supervisor,
  WirechartError,
} from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';
import { createActor, waitFor } from 'xstate';
import { thrownBy } from './support.ts';

/** A server that greets each client with the next line, and the last one again and again. */
async function serverThatSays(...greetings: string[]): Promise<{ port: number; server: Server }> {
  let clients = 0;
  const server = createServer((socket) => {
    clients += 1;
    socket.on('error', () => undefined);
    socket.write(`${greetings[Math.min(clients, greetings.length) - 1] ?? ''}\n`);
    onTestFinished(() => void socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('There is no port');
  return { port: address.port, server };
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const { port, server } = await serverThatSays('');
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A protocol whose greeting is 'ready', or a reason to refuse. */
const greeted = (refuse: (greeting: string) => Error): ProtocolDefinition<string> => ({
  codec: lines(),
  handshake: async ({ receive }) => {
    const greeting = await receive();
    if (greeting !== 'ready') throw refuse(greeting);
  },
});

const refusing = greeted((greeting) => new RefusedError(greeting));
const fast = { backoff: { initial: 1 } };

function stopAfterTest<C>(supervisor: Supervisor<C>): Supervisor<C> {
  onTestFinished(() => supervisor.stop({ force: true }));
  return supervisor;
}

it('is retried until the peer accepts', async () => {
  const { port } = await serverThatSays('starting up', 'starting up', 'ready');
  const supervisor = stopAfterTest(supervise(refusing, { port }, fast));
  const client = await supervisor.up();
  expect(client.runstate).toBe('RUNNING');
});

it('rejects connect() with the reason in the words of the author', async () => {
  const { port } = await serverThatSays('starting up');
  const error = await thrownBy(() => new AsyncProtocol(refusing).connect({ port }));
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({
    message: 'Failed to establish session: starting up',
    retryable: true,
    cause: { name: 'RefusedError', code: 'ERR_REFUSED', retryable: true },
  });
});

it('can be final', async () => {
  const { port } = await serverThatSays('wrong password');
  const definition = greeted((why) => new RefusedError(why, { retryable: false }));
  const supervisor = stopAfterTest(supervise(definition, { port }, fast));
  const error = await thrownBy(() => supervisor.up());
  expect(supervisor.state).toBe('GIVEN_UP');
  expect(error).toMatchObject({ retryable: false, cause: { message: 'wrong password' } });
});

it('can have a class of its own, with a code of its own', async () => {
  class PgError extends WirechartError {
    readonly code = 'ERR_PG';
    override readonly retryable: boolean;
    constructor(message: string) {
      super(message);
      this.retryable = message === 'starting up';
    }
  }
  const { port } = await serverThatSays('starting up', 'no such database');
  const supervisor = stopAfterTest(
    supervise(
      greeted((why) => new PgError(why)),
      { port },
      fast,
    ),
  );
  const error = await thrownBy(() => supervisor.up());
  expect(supervisor.state).toBe('GIVEN_UP');
  expect(error).toMatchObject({ cause: { name: 'PgError', message: 'no such database' } });
  expect(isWirechartError(new PgError('x'))).toBe(true);
});

it('needs no more than a code', () => {
  class PgError extends WirechartError {
    readonly code = 'ERR_PG';
  }
  const error = new PgError('starting up');
  const code: 'ERR_PG' = error.code;
  expect([code, error.retryable, String(error)]).toEqual(['ERR_PG', true, 'PgError: starting up']);
});

it('ends a running session with that reason, unwrapped, and is retried', async () => {
  const { port } = await serverThatSays('too many clients', 'ready');
  const seen: string[] = [];
  const supervisor = stopAfterTest(
    supervise(
      {
        codec: lines(),
        onMessage: (line: string) => {
          seen.push(line);
          if (line !== 'ready') throw new RefusedError(line);
        },
      },
      { port },
      fast,
    ),
  );
  const ended: SessionOutcome = await supervisor.client.closed;
  expect(ended.cause).toMatchObject({ name: 'RefusedError', message: 'too many clients' });
  for await (const state of supervisor.states()) if (state === 'UP') break;
  expect(supervisor.client.runstate).toBe('RUNNING');
  expect(seen[0]).toBe('too many clients');
});

it('is what fail() makes of a plain error, which is retried', async () => {
  const { port } = await serverThatSays('ready');
  const supervisor = stopAfterTest(supervise(refusing, { port }, fast));
  const client = await supervisor.up();
  const states = supervisor.states();
  client.fail(new Error('no heartbeat'));
  const { cause } = await client.closed;
  expect(cause?.message).toBe('no heartbeat');
  expect(cause).toMatchObject({ name: 'RefusedError', cause: new Error('no heartbeat') });
  for await (const state of states) {
    expect(state).not.toBe('GIVEN_UP');
    if (state === 'UP') break;
  }
});

it('is what the machine makes of the event FAIL with a plain error', async () => {
  const [stream, peer] = streamPair();
  peer.resume().once('end', () => peer.end());
  const actor = createActor(createProtocolMachine({ codec: lines() }), {
    input: { address: { stream } },
  }).start();
  onTestFinished(() => void actor.stop());
  await waitFor(actor, (snapshot) => snapshot.matches('RUNNING'));
  // As a chart in plain JavaScript may send it.
  const event = { type: 'FAIL', error: new Error('no heartbeat') };
  actor.send(event as never);
  const { context } = await waitFor(actor, (snapshot) => snapshot.matches('IDLE'));
  expect(context.outcome?.cause).toMatchObject({
    message: 'no heartbeat',
    retryable: true,
    cause: event.error,
  });
});

it('is no defect of a handshake that has met one of another service', async () => {
  const { port } = await serverThatSays('ready');
  let attempts = 0;
  const token = await closedPort();
  const supervisor = stopAfterTest(
    supervise(
      {
        codec: lines(),
        handshake: async () => {
          attempts += 1;
          if (attempts === 1) await fetch(`http://127.0.0.1:${String(token)}/token`);
        },
      },
      { port },
      fast,
    ),
  );
  expect((await supervisor.up()).runstate).toBe('RUNNING');
  expect(attempts).toBe(2);
});

it('is another thing than a defect of a callback, which stays final', async () => {
  const { port } = await serverThatSays('ready');
  const supervisor = stopAfterTest(
    supervise(
      {
        codec: lines(),
        handshake: () => Promise.reject(new TypeError("reading 'x' of undefined")),
      },
      { port },
      fast,
    ),
  );
  const error = await thrownBy(() => supervisor.up());
  expect(supervisor.state).toBe('GIVEN_UP');
  expect(error).toMatchObject({ retryable: false, cause: { name: 'HandlerError' } });
  expect((error as ConnectError).cause).toBeInstanceOf(HandlerError);
});
