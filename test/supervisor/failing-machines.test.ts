/** Machines that fail, which should not happen: even then every pending call settles. */

import { describe, expect, it, vi } from 'vitest';
import { createActor, setup } from 'xstate';
import {
  AsyncProtocol,
  type ClientClass,
  ClosedError,
  createProtocolMachine,
  jsonLines,
  type JsonValue,
  streamPair,
  supervise,
  Supervisor,
  type SupervisorContext,
  type SupervisorEmitted,
  type SupervisorEvent,
} from '../../src/index.ts';
import { FakeLink } from '../machines/fake-link.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection, turn } from '../support/signal.ts';
import { clientClassOver, withoutJitter, systemError } from './support.ts';

expectIdleAfterEach();

/**
 * A link that throws in settle(), by which its machine fails at the end of an attempt or a session.
 */
class ThrowingLink extends FakeLink {
  override settle(): never {
    throw new Error('defect');
  }
}

const withThrowingLink = () => {
  const link = new ThrowingLink();
  const supervisor = supervise(
    clientClassOver(() => link),
    '/run/x',
    { backoff: withoutJitter },
  );
  const step = async (method: 'dial' | 'establish' | 'destroy', error?: Error): Promise<void> => {
    await turn();
    if (error === undefined) link.call(method).resolve();
    else link.call(method).reject(error);
    await turn();
  };
  return { supervisor, step };
};

describe('when the machine of the connection fails', () => {
  it('the supervisor gives up, and cannot be started again', async () => {
    const { supervisor, step } = withThrowingLink();
    const up = rejection(supervisor.up());
    await step('dial', systemError('ECONNREFUSED'));
    await step('destroy');
    expect(supervisor.state).toBe('GIVEN_UP');
    const error = await up;
    expect(error).toBeInstanceOf(ClosedError);
    expect(error).toMatchObject({
      message: 'The connection cannot be used again',
      cause: { message: 'defect' },
    });
    supervisor.start();
    expect(supervisor.state).toBe('GIVEN_UP');
    await supervisor.stop();
    expect(supervisor.state).toBe('STOPPED');
    supervisor.start();
    expect(supervisor.state).toBe('STOPPED');
  });

  it('a pending stop() resolves', async () => {
    const { supervisor, step } = withThrowingLink();
    await step('dial');
    await step('establish');
    const stopped = supervisor.stop({ force: true });
    await step('destroy');
    await stopped;
    expect(supervisor.state).toBe('GIVEN_UP');
    await supervisor.stop();
    expect(supervisor.state).toBe('STOPPED');
  });
});

it('a connection for a single session makes the supervisor give up after it', async () => {
  const singleUse: ClientClass<AsyncProtocol<JsonValue>, JsonValue, JsonValue> = {
    createMachine: (options) =>
      createProtocolMachine({ codec: jsonLines() }, { ...options, once: true }),
    attach: (ref, options) => AsyncProtocol.attach(ref, options),
  };
  const [near, far] = streamPair();
  const supervisor = supervise(singleUse, { stream: near });
  await supervisor.up();
  far.destroy();
  while (supervisor.state !== 'GIVEN_UP') await turn();
  expect(await rejection(supervisor.up())).toBeInstanceOf(ClosedError);
});

describe('when the machine of the supervisor fails', () => {
  /** A Supervisor over a fake machine, which fails on RETRY. */
  const createFailing = () => {
    const machine = setup({
      types: {
        events: {} as SupervisorEvent,
        emitted: {} as SupervisorEmitted,
        context: {} as Pick<SupervisorContext, 'cause' | 'shutdown' | 'outage' | 'ups'>,
      },
    }).createMachine({
      context: { cause: undefined, shutdown: undefined, outage: undefined, ups: 0 },
      initial: 'CONNECTING',
      states: { CONNECTING: {} },
      on: {
        RETRY: {
          actions: () => {
            throw new Error('defect');
          },
        },
      },
    });
    return new Supervisor('the client', createActor(machine));
  };

  it('pending calls settle, and it is STOPPED', async () => {
    const supervisor = createFailing();
    const up = rejection(supervisor.up());
    const stopped = supervisor.stop();
    supervisor.retry();
    await stopped;
    expect(supervisor.state).toBe('STOPPED');
    expect(await up).toBeInstanceOf(ClosedError);
    expect(await up).toMatchObject({ cause: { message: 'defect' } });
    // XState prints a warning when an event is sent to a stopped actor.
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    await supervisor.stop();
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
    expect(await rejection(supervisor.up())).toBeInstanceOf(ClosedError);
  });
});

it('supervise() throws what the function that makes its protocol throws', () => {
  const error = new Error('no protocol today');
  const define = (): never => {
    throw error;
  };
  expect(() => supervise(define, '/run/x')).toThrow(
    expect.objectContaining({
      code: 'ERR_HANDLER',
      message: 'The callback definition threw: no protocol today',
      cause: error,
    }),
  );
});

it('supervise() throws when the client cannot be attached, and starts nothing', () => {
  const error = new Error('not such an actor');
  const link = new FakeLink();
  const clientClass = clientClassOver(() => link);
  const attach = () => {
    throw error;
  };
  expect(() => supervise({ ...clientClass, attach }, '/run/x')).toThrow(error);
  expect(link.calls).toEqual([]);
});
