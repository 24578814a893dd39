/** How an actor that is made for one session ends, and what its tags say. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { assign, createActor, setup, toPromise, waitFor } from 'xstate';
import {
  type Address,
  AsyncProtocol,
  type BoundPath,
  createProtocolMachine,
  lines,
  type MachineOptions,
  ProtocolServer,
  streamPair,
} from '../../src/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';

expectIdleAfterEach();

const refused = async () => ({ path: `${await tempDir()}/nothing.sock` });

const kind = (options: MachineOptions) =>
  createProtocolMachine<string>({ codec: lines() }, options);

/** A parent that records how its connection has ended. */
function startParent(options: MachineOptions, address: Address) {
  const parent = createActor(
    setup({
      types: {},
      actors: { connection: kind(options) },
    }).createMachine({
      context: { cause: undefined, error: undefined },
      initial: 'connected',
      states: {
        connected: {
          invoke: {
            id: 'connection',
            src: 'connection',
            input: { address },
            onDone: {
              target: 'done',
              actions: assign({ cause: ({ event }) => event.output.cause }),
            },
            onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
          },
        },
        done: { type: 'final' },
        failed: { type: 'final' },
      },
    }),
  );
  onTestFinished(() => void parent.stop());
  return parent.start();
}

describe('an actor with once whose attempt fails', () => {
  it('is done by default, and its output has the cause', async () => {
    const parent = startParent({ once: true }, await refused());
    await toPromise(parent);
    expect(parent.getSnapshot()).toMatchObject({
      value: 'done',
      context: { cause: { code: 'ERR_CONNECT' } },
    });
  });

  it("ends in error with failWith: 'error', and the parent's onError has the cause", async () => {
    const parent = startParent({ once: true, failWith: 'error' }, await refused());
    await toPromise(parent);
    expect(parent.getSnapshot()).toMatchObject({
      value: 'failed',
      context: { error: { code: 'ERR_CONNECT', cause: { code: 'ENOENT' } } },
    });
  });

  it("rejects toPromise() with failWith: 'error'", async () => {
    const actor = createActor(kind({ once: true, failWith: 'error' }), {
      input: { address: await refused() },
    });
    const ended = toPromise(actor);
    actor.start();
    await expect(ended).rejects.toMatchObject({ code: 'ERR_CONNECT' });
    expect(actor.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'ERR_CONNECT' } });
  });

  it("is done with failWith: 'error', too, when its session ends as requested", async () => {
    const [near, far] = streamPair();
    const actor = createActor(kind({ once: true, failWith: 'error' }), {
      input: { address: { stream: near } },
    });
    onTestFinished(() => void far.destroy());
    const ended = toPromise(actor);
    actor.start();
    await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
    far.resume().on('end', () => far.end());
    actor.send({ type: 'DISCONNECT' });
    expect(await ended).toEqual({ suppressed: [], undelivered: 0 });
  });

  it("rejects the facade's calls with failWith: 'error' as without", async () => {
    const actor = createActor(kind({ once: true, failWith: 'error' }));
    actor.subscribe({ error: () => undefined });
    actor.start();
    const protocol = AsyncProtocol.attach(actor);
    await expect(protocol.connect(await refused())).rejects.toMatchObject({ code: 'ERR_CONNECT' });
    expect(protocol.runstate).toBe('IDLE');
    expect((await protocol.closed).cause?.code).toBe('ERR_CONNECT');
    await expect(protocol.connect('/run/x')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('the tags', () => {
  it('let waitFor() end at a refused address', async () => {
    const actor = createActor(kind({}), { input: { address: await refused() } });
    onTestFinished(() => void actor.stop());
    actor.start();
    const { value, tags, context } = await waitFor(
      actor,
      (snapshot) => snapshot.hasTag('up') || snapshot.hasTag('failed'),
    );
    expect([value, ...tags]).toEqual(['IDLE', 'idle', 'failed']);
    expect(context.outcome?.cause?.code).toBe('ERR_CONNECT');
  });

  it('say idle, busy, up, and failed only after a failure', async () => {
    const dir = await tempDir();
    await using server = new ProtocolServer({ codec: lines() });
    const { path }: BoundPath = await server.listen({ path: `${dir}/server.sock` });
    const actor = createActor(kind({}));
    onTestFinished(() => void actor.stop());
    const seen: string[] = [];
    actor.subscribe(({ value, tags }) => {
      const text = `${typeof value === 'string' ? value : (Object.keys(value)[0] ?? '')}: ${[...tags].join(' ')}`;
      if (seen.at(-1) !== text) seen.push(text);
    });
    actor.start();
    actor.send({ type: 'CONNECT', address: `${dir}/nothing.sock` });
    await waitFor(actor, (snapshot) => snapshot.hasTag('failed'));
    actor.send({ type: 'CONNECT', address: path });
    await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
    actor.send({ type: 'DISCONNECT' });
    await waitFor(actor, (snapshot) => snapshot.hasTag('idle'));
    expect(seen).toEqual([
      'IDLE: idle',
      'CONNECTING: busy',
      'DISCONNECTING: busy',
      'IDLE: idle failed',
      'CONNECTING: busy',
      'RUNNING: up',
      'DISCONNECTING: busy',
      'IDLE: idle',
    ]);
  });
});

describe('failWith', () => {
  it('is refused with another value, and without once', () => {
    const failWith = 'throw' as 'error';
    expect(() => kind({ once: true, failWith })).toThrow(
      /failWith of createProtocolMachine\(\) must be 'output' or 'error', not "throw"/,
    );
    expect(() => kind({ failWith: 'error' })).toThrow(/needs once: true/);
  });
});
