/** Ready-made logic in snapshots that are stored, and in parents that are restored. */

import { describe, expect, it } from 'vitest';
import { assign, type Snapshot, setup, waitFor } from 'xstate';
import { type Address, createSupervisorMachine } from '../../src/index.ts';
import {
  createQmpMachine,
  QmpClient,
  qmpCommand,
  qmpEvents,
  type QmpEventMessage,
} from '../../src/qmp/index.ts';
import { faults, type ScriptedQmpServer } from '../../src/testing/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createServer } from '../support/qmp.ts';
import { stopAsReactDoes } from '../support/react-lives.ts';
import { start, until } from './qmp-logic-support.ts';

expectIdleAfterEach();

/** A parent whose state `busy` executes a command, beside a connection or a supervisor. */
function chartOf(kind: 'machine' | 'supervisor', isLogicFirst = false) {
  const heard: string[] = [];
  const parts = setup({
    types: {
      context: {} as { readonly error: unknown },
      input: {} as { readonly address: Address },
      events: {} as QmpEventMessage | { readonly type: 'GO' | 'DONE' },
    },
    actors: {
      machine: createQmpMachine(),
      supervisor: createSupervisorMachine(QmpClient),
      events: qmpEvents,
      command: qmpCommand,
    },
  });
  const chart = parts.createMachine({
    context: ({ input, spawn }) => {
      if (isLogicFirst) spawn('events', { id: 'events', input: { connection: 'qmp' } });
      const qmp = spawn(kind, { id: 'qmp', input });
      if (!isLogicFirst) spawn('events', { id: 'events', input: { connection: qmp } });
      return { error: undefined };
    },
    on: { 'QMP.*': { actions: ({ event }) => heard.push(event.type) } },
    initial: 'idle',
    states: {
      idle: { on: { GO: 'busy' } },
      busy: {
        invoke: {
          id: 'command',
          src: 'command',
          input: { execute: 'set_password', arguments: { protocol: 'vnc', password: 'secret' } },
          onError: { target: 'idle', actions: assign({ error: ({ event }) => event.error }) },
        },
      },
    },
  });
  return { chart, heard };
}

const throughJson = (snapshot: unknown) =>
  JSON.parse(JSON.stringify(snapshot)) as Snapshot<unknown>;

/** A server drops an event for which it has no client yet. */
const emitUntilHeard = (server: ScriptedQmpServer, event: string, heard: readonly string[]) =>
  until(() => {
    server.emit(event);
    return heard.length > 0;
  });

describe('a parent that is stored and restored', () => {
  it.each(['machine', 'supervisor'] as const)(
    'hears the events of its %s again, from the first one on',
    async (kind) => {
      const server = createServer();
      const address = await server.listen();
      const before = chartOf(kind);
      const parent = start(before.chart, { input: { address } });
      await emitUntilHeard(server, 'STOP', before.heard);
      const stored = parent.getPersistedSnapshot();
      expect(throughJson(stored)).toEqual(stored);
      expect(throughJson(stored)).toMatchObject({
        children: { events: { snapshot: { status: 'active', input: { connection: 'qmp' } } } },
      });
      parent.stop();

      const after = chartOf(kind);
      start(after.chart, { snapshot: throughJson(stored), input: { address } });
      await emitUntilHeard(server, 'RESUME', after.heard);
      expect(after.heard[0]).toBe('QMP.RESUME');
    },
  );

  it('does not execute a command again, whose arguments were not stored', async () => {
    const server = createServer({ commands: { set_password: faults.silence() } });
    const address = await server.listen();
    const { chart, heard } = chartOf('machine');
    const parent = start(chart, { input: { address } });
    await emitUntilHeard(server, 'STOP', heard);
    parent.send({ type: 'GO' });
    await until(() => server.received.length === 2);
    const stored = parent.getPersistedSnapshot();
    expect(throughJson(stored)).toEqual(stored);
    expect(JSON.stringify(stored)).not.toContain('secret');
    parent.stop();

    const restored = start(chart, { snapshot: throughJson(stored), input: { address } });
    expect(restored.getSnapshot().matches('busy')).toBe(true);
    const { context } = await waitFor(restored, (snapshot) => snapshot.matches('idle'));
    expect(context.error).toMatchObject({ code: 'ERR_STATE' });
    expect(String(context.error)).toContain('set_password was interrupted');
  });
});

describe('a parent that React stops and starts again', () => {
  it.each([
    ['machine', false],
    ['machine', true],
    ['supervisor', false],
    ['supervisor', true],
  ] as const)(
    'hears the events of its %s in its next life, and of no earlier one (logic first: %s)',
    async (kind, isLogicFirst) => {
      const server = createServer();
      const address = await server.listen();
      const { chart, heard } = chartOf(kind, isLogicFirst);
      const parent = start(chart, { input: { address } });
      await emitUntilHeard(server, 'STOP', heard);
      stopAsReactDoes(parent);
      heard.length = 0;
      server.emit('RESET');
      parent.start();
      await emitUntilHeard(server, 'RESUME', heard);
      expect(new Set(heard)).toEqual(new Set(['QMP.RESUME']));
      expect(server.received.filter((each) => 'execute' in each)).toHaveLength(2);
    },
  );
});
