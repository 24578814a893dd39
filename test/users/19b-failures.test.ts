/** Why there is no session now, and for how long: one record for each outage. */

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { lines, supervise } from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram } from './support.ts';

/** A server that can be lost, and comes back at the same port. */
class LosableServer {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  port = 0;

  async listen(): Promise<void> {
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.resume().on('error', () => undefined);
    });
    this.#server = server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    if (typeof bound === 'object' && bound !== null) this.port = bound.port;
  }

  async lose(how: 'end' | 'reset'): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
    this.#sockets.clear();
    await closed;
  }
}

const startServer = async () => {
  const server = new LosableServer();
  onTestFinished(() => server.lose('end'));
  await server.listen();
  return server;
};

it('the failure that is shown in FAILING is the current one, in every outage', async () => {
  const server = await startServer();
  const supervisor = supervise(
    { codec: lines() },
    { port: server.port },
    {
      backoff: { initial: 1, max: 5 },
    },
  );
  onTestFinished(() => supervisor.stop({ force: true }));
  const shown: string[] = [];
  const watching = (async () => {
    for await (const state of supervisor.states()) {
      if (state === 'FAILING') shown.push(String(supervisor.failures.at(-1)?.first.message));
      if (state === 'STOPPED') return;
    }
  })();
  await supervisor.up();
  for (const [at, how] of (['end', 'reset', 'end'] as const).entries()) {
    await server.lose(how);
    await expect.poll(() => supervisor.failures[at]?.count).toBeGreaterThan(2);
    await server.listen();
    await supervisor.up();
  }
  await supervisor.stop();
  await watching;
  expect(shown).toEqual([
    'The peer ended the stream',
    expect.stringContaining('ECONNRESET'),
    'The peer ended the stream',
  ]);
});

it('an outage is one record: its first cause, the last, their number and the times', async () => {
  const server = await startServer();
  const supervisor = supervise(
    { codec: lines() },
    { port: server.port },
    {
      backoff: { initial: 1, max: 2 },
    },
  );
  onTestFinished(() => supervisor.stop({ force: true }));
  await supervisor.up();
  const before = Date.now();
  await server.lose('end');
  await expect.poll(() => supervisor.failures.at(-1)?.count).toBeGreaterThan(20);
  await server.listen();
  await supervisor.up();
  const after = Date.now();
  expect(supervisor.failures).toHaveLength(1);
  const [outage] = supervisor.failures;
  expect(outage).toMatchObject({
    first: { message: 'The peer ended the stream' },
    cause: { cause: { code: 'ECONNREFUSED' } },
    endedIn: 'UP',
  });
  const times = [before, outage?.from, outage?.latest, outage?.until, after].map(Number);
  expect(times).toEqual([...times].sort((one, other) => one - other));
  expect(supervisor.stats).toMatchObject({ sessions: 2, failures: outage?.count });
});

it('a supervisor can be printed', async () => {
  const supervisor = supervise({ codec: lines() }, '/nowhere', { name: 'vm1' });
  expect([String(supervisor), inspect(supervisor)]).toEqual([
    "<Supervisor name='vm1' state=CONNECTING>",
    "<Supervisor name='vm1' state=CONNECTING>",
  ]);
  await supervisor.stop();
  expect(String(supervisor)).toBe("<Supervisor name='vm1' state=STOPPED>");
});

it('a program that ignores the promises of a supervisor is not killed by them', async () => {
  const end = await runProgram(`
    import { lines, supervise } from 'wirechart';

    const supervisor = supervise({ codec: lines() }, '/nowhere', { attempts: 1 });
    void supervisor.up();
    for await (const state of supervisor.states()) if (state === 'GIVEN_UP') break;
    void supervisor.up();
    void supervisor.up({ signal: AbortSignal.abort(new Error('given up')) });
    void supervisor.stop({ signal: AbortSignal.abort(new Error('given up')) });
    await supervisor[Symbol.asyncDispose]();
    console.log('alive');
  `);
  expect(end).toMatchObject({ code: 0, stdout: 'alive\n', stderr: '' });
});

it('a rejected up() names its caller', async () => {
  const supervisor = supervise({ codec: lines() }, '/nowhere', { attempts: 1 });
  async function myStart(): Promise<void> {
    await supervisor.up();
  }
  const error: unknown = await myStart().catch((reason: unknown) => reason);
  expect((error as Error).stack).toContain('myStart');
});
