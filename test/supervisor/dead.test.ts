/** Machines that die, which they must not: even then nobody waits for ever. */

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
import { kindOver, steady, systemError } from './support.ts';

expectIdleAfterEach();

/** A link whose machine dies of it at the end of a session, or of an attempt. */
class DeadlyLink extends FakeLink {
  override settle(): never {
    throw new Error('deadly');
  }
}

const dying = () => {
  const link = new DeadlyLink();
  const vm = supervise(
    kindOver(() => link),
    '/run/x',
    { backoff: steady },
  );
  const step = async (method: 'dial' | 'establish' | 'destroy', error?: Error): Promise<void> => {
    await turn();
    if (error === undefined) link.call(method).resolve();
    else link.call(method).reject(error);
    await turn();
  };
  return { vm, step };
};

describe('when the connection dies', () => {
  it('the supervisor gives up, and cannot be started again', async () => {
    const { vm, step } = dying();
    const up = rejection(vm.up());
    await step('dial', systemError('ECONNREFUSED'));
    await step('destroy');
    expect(vm.state).toBe('GIVEN_UP');
    const error = await up;
    expect(error).toBeInstanceOf(ClosedError);
    expect(error).toMatchObject({
      message: 'The connection cannot be used again',
      cause: { message: 'deadly' },
    });
    vm.start();
    expect(vm.state).toBe('GIVEN_UP');
    await vm.stop();
    expect(vm.state).toBe('STOPPED');
    vm.start();
    expect(vm.state).toBe('STOPPED');
  });

  it('a stop under way is over', async () => {
    const { vm, step } = dying();
    await step('dial');
    await step('establish');
    const stopped = vm.stop({ force: true });
    await step('destroy');
    await stopped;
    expect(vm.state).toBe('GIVEN_UP');
    await vm.stop();
    expect(vm.state).toBe('STOPPED');
  });
});

it('a connection that was made for one session is given up after it', async () => {
  const once: ClientClass<AsyncProtocol<JsonValue>, JsonValue, JsonValue> = {
    createMachine: (options) =>
      createProtocolMachine({ codec: jsonLines() }, { ...options, once: true }),
    attach: (ref, options) => AsyncProtocol.attach(ref, options),
  };
  const [near, far] = streamPair();
  const vm = supervise(once, { stream: near });
  await vm.up();
  far.destroy();
  while (vm.state !== 'GIVEN_UP') await turn();
  expect(await rejection(vm.up())).toBeInstanceOf(ClosedError);
});

describe('when the supervisor itself dies', () => {
  /** What a facade takes for a supervisor, and which dies when it is told to. */
  const mortal = () => {
    const machine = setup({
      types: {
        events: {} as SupervisorEvent,
        emitted: {} as SupervisorEmitted,
        context: {} as Pick<SupervisorContext, 'cause' | 'failures' | 'ups'>,
      },
    }).createMachine({
      context: { cause: undefined, failures: [], ups: 0 },
      on: {
        RETRY: {
          actions: () => {
            throw new Error('deadly');
          },
        },
      },
    });
    return new Supervisor('the client', createActor(machine));
  };

  it('who waits is told, and it is stopped', async () => {
    const vm = mortal();
    const up = rejection(vm.up());
    const stopped = vm.stop();
    vm.retry();
    await stopped;
    expect(vm.state).toBe('STOPPED');
    expect(await up).toBeInstanceOf(ClosedError);
    expect(await up).toMatchObject({ cause: { message: 'deadly' } });
    // XState says so where it is told something in vain.
    const warned = vi.spyOn(console, 'warn').mockReturnValue();
    await vm.stop();
    expect(warned).toHaveBeenCalledOnce();
    warned.mockRestore();
    expect(await rejection(vm.up())).toBeInstanceOf(ClosedError);
  });
});

it('a client that cannot be attached is an error at once, and starts nothing', () => {
  const error = new Error('not such an actor');
  const link = new FakeLink();
  const kind = kindOver(() => link);
  const attach = () => {
    throw error;
  };
  expect(() => supervise({ ...kind, attach }, '/run/x')).toThrow(error);
  expect(link.calls).toEqual([]);
});
