/** The types of ready-made logic, and stand-ins for it in the tests of a parent. */

import { describe, expect, expectTypeOf, it, test } from 'vitest';
import { assign, type EventObject, fromCallback, fromPromise, setup, waitFor } from 'xstate';
import {
  createProtocolMachine,
  type JsonObject,
  type JsonValue,
  lines,
  type ProtocolMessage,
  protocolMessages,
} from '../../src/index.ts';
import {
  createQmpMachine,
  qmpCommand,
  qmpCommandFor,
  type QmpCommandInput,
  qmpEvents,
  type QmpEventMessage,
  type QmpEventsInput,
  type StatusInfo,
} from '../../src/qmp/index.ts';
import type { DeviceDeletedData, ResetData, ShutdownData } from '../../src/qapi/11.1.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { start } from './qmp-logic-support.ts';

expectIdleAfterEach();

const parts = () =>
  setup({
    types: {
      context: {} as { readonly status: StatusInfo | undefined; readonly output: JsonValue },
      events: {} as
        QmpEventMessage | QmpEventMessage<'DEVICE_DELETED' | 'X'> | ProtocolMessage<string>,
    },
    actors: {
      qmp: createQmpMachine(),
      connection: createProtocolMachine<string>({ codec: lines() }),
      events: qmpEvents,
      messages: protocolMessages,
      command: qmpCommand,
      status: qmpCommandFor('query-status'),
      device: qmpCommandFor('device_add'),
    },
  });

/** A chart that is not started: its types are what is tested. */
const typedChart = () =>
  parts().createMachine({
    context: { status: undefined, output: null },
    invoke: [
      { src: 'events' },
      { src: 'events', input: { connection: 'qmp' } },
      { src: 'messages', input: ({ self }) => ({ connection: self }) },
      { src: 'command', input: { execute: 'query-status', timeout: 1, oob: true } },
      {
        src: 'command',
        input: { execute: 'x-unknown', arguments: { any: 1 } },
        onDone: {
          actions: assign(({ event }) => {
            expectTypeOf(event.output).toEqualTypeOf<JsonValue>();
            return { output: event.output };
          }),
        },
      },
      {
        src: 'status',
        onDone: {
          actions: assign(({ event }) => {
            expectTypeOf(event.output).toEqualTypeOf<StatusInfo>();
            return { status: event.output };
          }),
        },
      },
      { src: 'device', input: { arguments: { driver: 'x' } } },
      // @ts-expect-error -- the command is missing
      { src: 'command', input: { timeout: 1 } },
      // @ts-expect-error -- a number is no name
      { src: 'command', input: { execute: 1 } },
      // @ts-expect-error -- this logic has its command
      { src: 'status', input: { execute: 'stop' } },
      // @ts-expect-error -- a misspelt name
      { src: 'events', input: { conection: 'qmp' } },
    ],
    on: {
      'QMP.STOP': {
        actions: ({ event }) => {
          expectTypeOf(event.type).toEqualTypeOf<'QMP.STOP'>();
          expectTypeOf(event.data).toEqualTypeOf<undefined>();
          expectTypeOf(event.timestamp.seconds).toEqualTypeOf<number>();
        },
      },
      'QMP.SHUTDOWN': {
        actions: ({ event }) => {
          expectTypeOf(event.data).toEqualTypeOf<ShutdownData>();
        },
      },
      'QMP.DEVICE_DELETED': {
        actions: ({ event }) => {
          expectTypeOf(event.data).toEqualTypeOf<DeviceDeletedData>();
        },
      },
      'QMP.X': {
        actions: ({ event }) => {
          expectTypeOf(event.data).toEqualTypeOf<JsonObject | undefined>();
        },
      },
      'QMP.*': {
        actions: ({ event }) => {
          if (event.type === 'QMP.RESET') expectTypeOf(event.data).toEqualTypeOf<ResetData>();
        },
      },
      MESSAGE: {
        actions: ({ event }) => {
          expectTypeOf(event.message).toEqualTypeOf<string>();
        },
      },
    },
  });

describe('the types of a parent', () => {
  it('tell the events, the inputs and the outputs apart', () => {
    expect(typedChart).toBeTypeOf('function');
  });

  it('have the data of one event by its name', () => {
    type Reset = QmpEventMessage<'RESET'>;
    expectTypeOf<Reset['type']>().toEqualTypeOf<'QMP.RESET'>();
    expectTypeOf<Reset['data']>().toEqualTypeOf<ResetData>();
    expectTypeOf<QmpEventMessage<string>['type']>().toEqualTypeOf<`QMP.${string}`>();
    expectTypeOf<ProtocolMessage['message']>().toEqualTypeOf<unknown>();
  });
});

test('stand-ins for the logic need no connection', async () => {
  const chart = parts().createMachine({
    context: { status: undefined, output: null },
    invoke: [
      { src: 'events' },
      {
        src: 'command',
        input: { execute: 'query-name' },
        onDone: { actions: assign({ output: ({ event }) => event.output }) },
      },
    ],
    initial: 'running',
    states: { running: { on: { 'QMP.STOP': 'paused' } }, paused: {} },
  });
  const timestamp = { seconds: 0, microseconds: 0 };
  const faked = chart.provide({
    actors: {
      events: fromCallback<EventObject, QmpEventsInput | undefined>(({ sendBack }) => {
        sendBack({ type: 'QMP.STOP', data: undefined, timestamp } satisfies QmpEventMessage);
      }),
      command: fromPromise<JsonValue, QmpCommandInput>(({ input }) =>
        Promise.resolve({ executed: input.execute }),
      ),
    },
  });
  const actor = start(faked);
  const { context } = await waitFor(actor, (snapshot) => snapshot.context.output !== null);
  expect(actor.getSnapshot().value).toBe('paused');
  expect(context.output).toEqual({ executed: 'query-name' });
});
