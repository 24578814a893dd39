import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ClosedError } from '../../src/core/errors.ts';
import { expectNoHandles } from '../support/handles.ts';
import { KINDS, refused, useListeners } from '../support/listeners.ts';
import { closing, textOf, useFixture } from '../support/sockets.ts';

const REASON = new Error('the reason');
const LEFT_EARLY = 'The peer left before it was accepted';

const fixture = useFixture();
const sockets = useListeners(fixture);

describe.each(KINDS)('accepting (%s)', (kind) => {
  it('resolves with a peer that connects after the call', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    const accepted = sockets.accept(listener);
    const client = sockets.dialAs(kind, listener);
    const stream = await accepted;
    client.end('hello');
    expect(await textOf(stream)).toBe('hello');
  });

  it('resolves with a peer that connected before the call', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    sockets.dialAs(kind, listener).write('hello');
    await refused(listener);
    const stream = await sockets.accept(listener);
    expect(String((await once(stream, 'data'))[0])).toBe('hello');
  });

  it('resolves with a half-open capable stream that has an error listener', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    const client = sockets.dialAs(kind, listener);
    const stream = await sockets.accept(listener);
    expect(stream.allowHalfOpen).toBe(true);
    expect(stream.listenerCount('error')).toBeGreaterThanOrEqual(1);
    client.end();
    stream.resume();
    await once(stream, 'end');
    const answer = once(client, 'data');
    stream.end('late data');
    expect(String((await answer)[0])).toBe('late data');
  });

  it('stops listening when the first peer connects, even before accept() is called', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    sockets.dialAs(kind, listener);
    await refused(listener);
    expect(await readdir(fixture.directory)).toEqual([]);
    await sockets.accept(listener);
  });

  it('takes one of two peers that connect at once, and closes the other', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    const clients = [sockets.dialAs(kind, listener), sockets.dialAs(kind, listener)];
    const stream = await sockets.accept(listener);
    await Promise.race(clients.map(closing));
    const [survivor] = clients.filter((client) => !client.destroyed);
    stream.end('hello');
    if (survivor === undefined) throw new Error('both were closed');
    expect(String((await once(survivor, 'data'))[0])).toBe('hello');
  });

  it('rejects when the peer connected and left before the call', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    const client = sockets.dialAs(kind, listener);
    await once(client, kind === 'tls' ? 'secureConnect' : 'connect');
    client.end();
    await refused(listener);
    if (!client.writableFinished) await once(client, 'finish');
    // The end is read in the following turns.
    for (let i = 0; i < 20; i += 1) await turn();
    const accepted = sockets.accept(listener);
    await expect(accepted).rejects.toThrow(ClosedError);
    await expect(accepted).rejects.toThrow(LEFT_EARLY);
    await closing(client);
  });

  it('resolves with a peer that left before the call, if it had sent something', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    const client = sockets.dialAs(kind, listener);
    client.end('last data');
    await refused(listener);
    if (!client.writableFinished) await once(client, 'finish');
    for (let i = 0; i < 20; i += 1) await turn();
    expect(await textOf(await sockets.accept(listener))).toBe('last data');
  });

  it('loses nothing of it, even if it is more than Node reads ahead', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    const client = sockets.dialAs(kind, listener);
    client.end('x'.repeat(1_000_000));
    await refused(listener);
    for (let i = 0; i < 20; i += 1) await turn();
    expect(await textOf(await sockets.accept(listener))).toHaveLength(1_000_000);
  });

  it('can succeed only once', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    sockets.dialAs(kind, listener);
    const stream = await sockets.accept(listener);
    await expect(sockets.accept(listener)).rejects.toThrow('accepted already');
    listener.close();
    expect(stream.destroyed).toBe(false);
  });

  it('leaves the accepted peer alone when the listener is closed', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    const client = sockets.dialAs(kind, listener);
    const stream = await sockets.accept(listener);
    listener.close();
    client.end('hello');
    expect(await textOf(stream)).toBe('hello');
  });

  it('destroys a peer that was not accepted when the listener is closed', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    const client = sockets.dialAs(kind, listener);
    await refused(listener);
    listener.close();
    await closing(client);
    await expect(sockets.accept(listener)).rejects.toThrow(ClosedError);
  });
});

describe('accepting', () => {
  it('rejects when the peer was reset before the call', async () => {
    const listener = await sockets.listen({ port: 0 });
    const client = sockets.dial(listener);
    await once(client, 'connect');
    await refused(listener);
    client.resetAndDestroy();
    for (let i = 0; i < 20; i += 1) await turn();
    await expect(sockets.accept(listener)).rejects.toMatchObject({
      code: 'ERR_CLOSED',
      message: LEFT_EARLY,
      cause: { code: 'ECONNRESET' },
    });
  });

  it('rejects a second call while the first is pending, which is not affected', async () => {
    const listener = await sockets.listen(fixture.path);
    const first = sockets.accept(listener);
    await expect(sockets.accept(listener)).rejects.toThrow(ClosedError);
    sockets.dial(listener);
    await expect(first).resolves.toBeInstanceOf(Socket);
  });

  it('rejects a pending call when the listener is closed', async () => {
    const listener = await sockets.listen(fixture.path);
    const accepted = sockets.accept(listener);
    listener.close();
    await expect(accepted).rejects.toMatchObject({ code: 'ERR_CLOSED', expected: true });
  });
});

describe.each(KINDS)('an aborted accept (%s)', (kind) => {
  it('closes the listener', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    const controller = new AbortController();
    const accepted = sockets.accept(listener, controller.signal);
    controller.abort(REASON);
    await expect(accepted).rejects.toBe(REASON);
    expect(await readdir(fixture.directory)).toEqual([]);
    await expectNoHandles();
    await expect(sockets.accept(listener)).rejects.toThrow(ClosedError);
  });

  it('closes the listener when the signal was aborted before', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    await expect(sockets.accept(listener, AbortSignal.abort(REASON))).rejects.toBe(REASON);
    expect(await readdir(fixture.directory)).toEqual([]);
    await expectNoHandles();
  });

  it('destroys a peer that connects in the same turn', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    const client = sockets.dialAs(kind, listener);
    const controller = new AbortController();
    const accepted = sockets.accept(listener, controller.signal);
    client.once(kind === 'tls' ? 'secureConnect' : 'connect', () => {
      controller.abort(REASON);
    });
    const [outcome] = await Promise.allSettled([accepted]);
    if (outcome.status === 'fulfilled') outcome.value.destroy();
    else expect(outcome.reason).toBe(REASON);
    await closing(client);
    await expectNoHandles();
  });

  it('destroys a peer that had connected before', async () => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    const client = sockets.dialAs(kind, listener);
    await refused(listener);
    await expect(sockets.accept(listener, AbortSignal.abort(REASON))).rejects.toBe(REASON);
    await closing(client);
    await expectNoHandles();
  });
});
