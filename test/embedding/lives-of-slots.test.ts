/** Logic of an author in the slots of a connection, whose actor ends one life and begins the next. */

import { useActorRef } from '@xstate/react';
import { describe, expect, it } from 'vitest';
import {
  type AnyStateMachine,
  createActor,
  fromCallback,
  setup,
  SimulatedClock,
  type Snapshot,
  waitFor,
} from 'xstate';
import {
  createProtocolMachine,
  lines,
  type ProtocolActorRef,
  type ProtocolMachine,
  protocolSetup,
  type Session,
} from '../../src/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { openPage, startPeer } from './react-support.ts';

expectIdleAfterEach();

/** Logic that notes when it runs, and a chart of it with a timer. */
function notingCharts() {
  const notes: string[] = [];
  const running = (name: string) =>
    fromCallback(() => {
      notes.push(`${name} starts`);
      return () => notes.push(`${name} stops`);
    });
  const chartOf = (name: string) =>
    setup({
      types: { input: {} as { readonly session: Session<string> } },
      actors: { running: running(name) },
    }).createMachine({
      id: name,
      invoke: { src: 'running' },
      initial: 'first',
      states: {
        first: { after: { 1_000: 'second' } },
        second: { entry: () => notes.push(`${name} waits no longer`), type: 'final' },
      },
    });
  return { notes, chartOf };
}

/** A connection in a component, which is hidden and shown. */
async function shown(machine: ProtocolMachine<string>, address: string, clock: SimulatedClock) {
  const refs: ProtocolActorRef<string>[] = [];
  const page = await openPage(() => {
    refs.push(useActorRef(machine, { input: { address }, clock }));
    return null;
  });
  return { page, ref: refs.at(-1) ?? expect.unreachable() };
}

const establishing = { CONNECTING: 'establishing' } as const;

describe('the chart of a handshake', () => {
  it('is stopped when the component is hidden, and begins anew in the next life', async () => {
    const { notes, chartOf } = notingCharts();
    const clock = new SimulatedClock();
    const { path } = await startPeer();
    const definition = { codec: lines(), handshake: chartOf('handshake') };
    const machine = createProtocolMachine<string>(definition);
    const { page, ref } = await shown(machine, path, clock);
    await waitFor(ref, (snapshot) => snapshot.matches(establishing));
    clock.increment(900);
    page.hide();
    expect(notes).toEqual(['handshake starts', 'handshake stops']);
    page.show();
    await waitFor(ref, (snapshot) => snapshot.matches(establishing));
    clock.increment(900);
    expect(notes.slice(2)).toEqual(['handshake starts']);
    clock.increment(100);
    await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
    expect(notes.slice(3)).toEqual(['handshake waits no longer', 'handshake stops']);
  });
});

describe('the chart of a session', () => {
  it('is stopped when the component is hidden, and begins anew in the next life', async () => {
    const { notes, chartOf } = notingCharts();
    const clock = new SimulatedClock();
    const { path } = await startPeer();
    const definition = { codec: lines(), session: chartOf('session') };
    const { page, ref } = await shown(createProtocolMachine<string>(definition), path, clock);
    await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
    clock.increment(900);
    page.hide();
    expect(notes).toEqual(['session starts', 'session stops']);
    page.show();
    await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
    clock.increment(900);
    expect(notes.slice(2)).toEqual(['session starts']);
    clock.increment(100);
    const { context } = await waitFor(ref, (snapshot) => snapshot.hasTag('idle'));
    expect(context.outcome).toEqual({ suppressed: [], undelivered: 0 });
    expect(notes.slice(3)).toEqual(['session waits no longer', 'session stops']);
  });

  it('is no part of what is stored, and begins anew in a restored actor', async () => {
    const { notes, chartOf } = notingCharts();
    const { path } = await startPeer();
    const machine = createProtocolMachine<string>({ codec: lines(), session: chartOf('session') });
    const first = createActor(machine, { input: { address: path } }).start();
    await waitFor(first, (snapshot) => snapshot.hasTag('up'));
    const stored = JSON.stringify(first.getPersistedSnapshot());
    expect(stored).not.toContain('session starts');
    expect(JSON.parse(stored)).toStrictEqual(first.getPersistedSnapshot());
    first.stop();
    const second = createActor(machine, { snapshot: JSON.parse(stored) as Snapshot<unknown> });
    cleanUp(() => second.stop());
    await waitFor(second.start(), (snapshot) => snapshot.hasTag('up'));
    expect(notes).toEqual(['session starts', 'session stops', 'session starts']);
  });
});

describe('a connection with states of its own', () => {
  /** A chart with the state PAUSED, to which PAUSE leads. */
  function extended() {
    const types = {} as { events: { type: 'PAUSE' } };
    const { setup: parts, config, complete } = protocolSetup({ codec: lines() }, { types });
    const { RUNNING } = config.states;
    const { open } = RUNNING.states;
    const states = {
      ...RUNNING.states,
      open: { ...open, on: { ...open.on, PAUSE: 'PAUSED' } },
      PAUSED: {},
    } as const;
    return complete(
      parts.createMachine({
        ...config,
        states: { ...config.states, RUNNING: { ...RUNNING, states } },
      }),
    );
  }

  it('begins anew when the component is shown again', async () => {
    const { path } = await startPeer();
    const machine: AnyStateMachine = extended();
    const seen: ProtocolActorRef<string>[] = [];
    const page = await openPage(() => {
      seen.push(useActorRef(machine, { input: { address: path } }) as never);
      return null;
    });
    const ref = seen.at(-1) ?? expect.unreachable();
    await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
    ref.send({ type: 'PAUSE' } as never);
    expect(ref.getSnapshot().value).toEqual({ RUNNING: 'PAUSED' });
    page.hide();
    page.show();
    expect(ref.getSnapshot().value).toEqual({ CONNECTING: 'dialing' });
    await waitFor(ref, (snapshot) => snapshot.matches({ RUNNING: 'open' }));
  });
});
