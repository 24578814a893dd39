/** QEMU ends as its guest or its host asked: a clean end, and the outcome says why. */

import { createQmpMachine, ExecInterruptedError, QmpClient } from 'wirechart/qmp';
import { faults, ScriptedQmpServer } from 'wirechart/testing';
import { createActor } from 'xstate';
import { describe, expect, it, onTestFinished } from 'vitest';
import { thrownBy } from './support.ts';

async function connected() {
  const server = new ScriptedQmpServer({ commands: { migrate: faults.silence() } });
  onTestFinished(() => server.close());
  const qmp = new QmpClient();
  await qmp.connect(await server.listen());
  return { server, qmp };
}

/** Sends events, and waits until the client has had them. */
async function emit({ server, qmp }: Awaited<ReturnType<typeof connected>>, ...names: string[]) {
  for (const name of names) server.emit(name, { guest: false, reason: 'host-qmp-system-reset' });
  await qmp.execute('query-status');
}

describe('the end of the stream after SHUTDOWN', () => {
  it.each([
    [true, 'guest-shutdown'],
    [true, 'guest-reset'],
    [false, 'host-signal'],
    [false, 'host-ui'],
    [false, 'host-qmp-quit'],
    [false, 'host-qmp-system-reset'],
  ])('is clean: guest %s, %s', async (guest, reason) => {
    const { server, qmp } = await connected();
    server.emit('SHUTDOWN', { guest, reason });
    server.show(faults.end());
    expect(await qmp.closed).toEqual({
      shutdown: { guest, reason },
      suppressed: [],
      undelivered: 0,
    });
    await qmp.disconnect();
  });

  it.each([
    [true, 'guest-panic'],
    [false, 'host-error'],
  ])('is a failure: guest %s, %s', async (guest, reason) => {
    const { server, qmp } = await connected();
    server.emit('SHUTDOWN', { guest, reason });
    server.show(faults.end());
    const { cause, shutdown } = await qmp.closed;
    expect(cause).toMatchObject({ code: 'ERR_CLOSED', expected: false });
    expect(shutdown).toBeUndefined();
    await expect(qmp.disconnect()).rejects.toBe(cause);
  });

  it('interrupts commands and waits with a text that says so', async () => {
    const { server, qmp } = await connected();
    const interrupted = thrownBy(() => qmp.execute('migrate'));
    const waited = thrownBy(() => qmp.waitFor('RESUME'));
    await qmp.execute('query-status', {}, { oob: true });
    server.emit('SHUTDOWN', { guest: true, reason: 'guest-shutdown' });
    server.show(faults.end());
    expect(await interrupted).toBeInstanceOf(ExecInterruptedError);
    const why = 'The server has shut down (guest-shutdown)';
    expect(await interrupted).toMatchObject({
      message: `The session ended before the reply to migrate: ${why}`,
    });
    expect(await waited).toMatchObject({
      message: `The session ended before the event RESUME: ${why}`,
    });
    expect(await thrownBy(() => qmp.execute('stop'))).toMatchObject({
      message: `stop was not sent: QmpClient is disconnected and idle. ${why}.`,
    });
  });

  it('is clean also for a machine without a client', async () => {
    const server = new ScriptedQmpServer();
    onTestFinished(() => server.close());
    const ref = createActor(createQmpMachine()).start();
    const outcome = new Promise((resolve) => {
      ref.on('closed', (event) => {
        resolve(event.outcome);
      });
    });
    const up = new Promise<void>((resolve) => {
      ref.on('runstate', ({ runstate }) => {
        if (runstate === 'RUNNING') resolve();
      });
    });
    ref.send({ type: 'CONNECT', address: await server.listen() });
    await up;
    server.emit('SHUTDOWN', { guest: true, reason: 'guest-shutdown' });
    server.show(faults.end());
    expect(await outcome).toMatchObject({ shutdown: { guest: true, reason: 'guest-shutdown' } });
    ref.stop();
  });
});

describe('a machine that runs on after SHUTDOWN, as with -no-shutdown', () => {
  it.each(['STOP', 'RESUME', 'RESET'])(
    'is taken for running at the event %s: its later end is a failure',
    async (event) => {
      const session = await connected();
      await emit(session, 'SHUTDOWN', event);
      expect(session.qmp.runstate).toBe('RUNNING');
      session.server.show(faults.drop());
      const { cause, shutdown } = await session.qmp.closed;
      expect(cause).toMatchObject({ code: 'ERR_CLOSED', expected: false });
      expect(shutdown).toBeUndefined();
    },
  );

  it('can shut down again', async () => {
    const session = await connected();
    await emit(session, 'SHUTDOWN', 'STOP', 'RESET', 'RESUME');
    session.server.emit('SHUTDOWN', { guest: true, reason: 'guest-shutdown' });
    session.server.show(faults.end());
    expect(await session.qmp.closed).toMatchObject({
      shutdown: { guest: true, reason: 'guest-shutdown' },
    });
  });

  it('can be asked to quit', async () => {
    const session = await connected();
    await emit(session, 'SHUTDOWN', 'STOP');
    await session.qmp.execute('quit');
    const { cause, shutdown } = await session.qmp.closed;
    expect(cause).toBeUndefined();
    expect(shutdown).toEqual({ guest: false, reason: 'host-qmp-quit' });
  });
});
