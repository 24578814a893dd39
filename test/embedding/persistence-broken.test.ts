/** Snapshots that were damaged, or stored by other machines: a parent's child must not be dead without a word. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createActor, createMachine, fromPromise, type Snapshot } from 'xstate';
import {
  ArgumentError,
  createProtocolMachine,
  createSupervisorMachine,
  HandlerError,
  isWirechartError,
  lines,
  type MachineOptions,
} from '../../src/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { CHILD, invokingParent, startIn } from './placed.ts';

expectIdleAfterEach();

const connection = (options: MachineOptions = {}) =>
  createProtocolMachine<string>({ codec: lines() }, options);

/** What a parent with a running child stores. */
function storedParent(address = '/nonexistent/socket') {
  const { root, persist } = startIn(CHILD, connection(), { address });
  const snapshot = JSON.parse(JSON.stringify(persist())) as {
    children: { connection: { snapshot: Record<string, unknown> } };
  };
  root.stop();
  return snapshot;
}

/** Restores a parent whose child has another snapshot. */
function restoreWith(snapshot: unknown, machine = connection()) {
  const stored = storedParent();
  const child = { ...stored.children.connection, snapshot };
  const parent = createActor(invokingParent(machine), {
    snapshot: { ...stored, children: { connection: child } } as unknown as Snapshot<unknown>,
    input: { address: undefined },
  });
  cleanUp(() => parent.stop());
  return parent.start();
}

const validSnapshot = (): Record<string, unknown> => storedParent().children.connection.snapshot;

const snapshotOfOther = (): [string, unknown][] => {
  const promise = createActor(fromPromise(() => Promise.resolve(1)));
  const machine = createActor(
    createMachine({ context: { count: 1 }, initial: 'a', states: { a: {} } }),
  );
  const supervisor = createActor(createSupervisorMachine({ codec: lines() }), {
    input: { address: '/nonexistent/socket' },
  });
  return [
    ['a promise', promise.getPersistedSnapshot()],
    ['another machine', machine.getPersistedSnapshot()],
    ['a machine without a context', createActor(createMachine({})).getPersistedSnapshot()],
    ['a supervisor', supervisor.getPersistedSnapshot()],
  ];
};

describe('the parent gets an ArgumentError in onError', () => {
  it.each(snapshotOfOther())('for a snapshot of %s', (_, snapshot) => {
    const { value, context } = restoreWith(JSON.parse(JSON.stringify(snapshot))).getSnapshot();
    expect(value).toBe('failed');
    expect(context.error).toBeInstanceOf(ArgumentError);
    expect((context.error as Error).message).toContain('getPersistedSnapshot()');
  });

  it.each<[string, unknown]>([
    ['no object', 17],
    ['empty', {}],
    ['an array', []],
    ['without a context', { ...validSnapshot(), context: undefined }],
    ['with null as its context', { ...validSnapshot(), context: null }],
    ['with a text as its context', { ...validSnapshot(), context: 'text' }],
    ['with another context', { ...validSnapshot(), context: { count: 1 } }],
    ['without a status', { ...validSnapshot(), status: undefined }],
    ['with an unknown status', { ...validSnapshot(), status: 'asleep' }],
  ])('for a snapshot that is %s', (_, snapshot) => {
    const { value, context } = restoreWith(snapshot).getSnapshot();
    expect(value).toBe('failed');
    expect(context.error).toBeInstanceOf(ArgumentError);
  });
});

it('a root actor reports the error to its observers', () => {
  const errors: unknown[] = [];
  const snapshot = { status: 'active', context: { count: 1 } } as unknown as Snapshot<unknown>;
  const actor = createActor(connection(), { snapshot });
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start();
  expect(errors).toEqual([expect.any(ArgumentError)]);
  expect(actor.getSnapshot().status).toBe('error');
});

it('a definition that throws when an actor is restored fails it, and its parent gets the error', () => {
  const machine = createProtocolMachine<string>(() => {
    throw new Error('no codec today');
  });
  const { value, context } = restoreWith(validSnapshot(), machine).getSnapshot();
  expect(value).toBe('failed');
  expect(context.error).toBeInstanceOf(HandlerError);
});

describe('whatever is stored, the child runs, or the parent hears that it does not:', () => {
  const check = (snapshot: unknown) => {
    const parent = restoreWith(snapshot);
    const { value, context, children } = parent.getSnapshot();
    if (value === 'failed') expect(isWirechartError(context.error)).toBe(true);
    else if (value !== 'done') expect(children.connection?.getSnapshot().status).toBe('active');
    parent.stop();
  };

  it('any JSON', () => {
    fc.assert(fc.property(fc.jsonValue(), check));
  });

  it('a snapshot with another member', () => {
    const member = fc.constantFrom('status', 'value', 'context', 'children', 'output', 'error');
    fc.assert(
      fc.property(member, fc.jsonValue(), (name, value) => {
        check({ ...validSnapshot(), [name]: value });
      }),
    );
  });

  it('a context with another member', () => {
    const names = Object.keys(validSnapshot()['context'] as object);
    const member = fc.constantFrom(...names, 'lost', 'autoConnect');
    fc.assert(
      fc.property(member, fc.jsonValue(), (name, value) => {
        const snapshot = validSnapshot();
        check({ ...snapshot, context: { ...(snapshot['context'] as object), [name]: value } });
      }),
    );
  });
});
