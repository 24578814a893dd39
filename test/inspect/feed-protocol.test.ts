/** The library's own machines, watched alone and in a parent chart. */

import { describe, expect, it, vi } from 'vitest';
import { createActor, type InspectionEvent, setup } from 'xstate';
import { createProtocolMachine, lines, streamPair } from '../../src/index.ts';
import { Feed } from '../../src/inspect/feed.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { gate } from '../support/signal.ts';
import { type MessageLog, watch, nodeOf, stateOf } from './support.ts';

expectIdleAfterEach();

/** A stream pair whose far end ends when the near end does. */
function stream() {
  const [near, far] = streamPair();
  far.resume().on('end', () => far.end());
  return { near, far };
}

/** The states that a machine went through, without repetitions. */
function path(log: MessageLog, id: string): unknown[] {
  const values = log.statesOf(id).map((state) => JSON.stringify(stateOf(state).value));
  return values
    .filter((value, at) => value !== values[at - 1])
    .map((value): unknown => JSON.parse(value));
}

const SESSION_STATES = [
  'IDLE',
  { CONNECTING: 'dialing' },
  { RUNNING: 'open' },
  { DISCONNECTING: 'closing' },
  'IDLE',
];

describe('the machine of a protocol', () => {
  it('is attached by its option, and reported through a session', async () => {
    const feed = new Feed();
    const log = watch(feed);
    const attach = vi.spyOn(feed.inspect, 'attach');
    const protocol = createProtocol({ codec: lines() }, { name: 'vm1', inspect: feed.inspect });
    expect(attach).toHaveBeenCalledTimes(1);
    await protocol.connect({ stream: stream().near });
    await protocol.disconnect();
    expect(path(log, 'vm1')).toEqual(SESSION_STATES);
    expect(nodeOf(log.registered('vm1').machine).id).toBe('protocol');
    const children = ['owner', 'dialer', 'reader', 'writer', 'closer'];
    const { sessionId } = log.registered('vm1');
    for (const id of children) expect(log.registered(id).parent).toBe(sessionId);
    expect(log.of('wirechart.problem')).toEqual([]);
  });

  it('emits its runstates, and returns to IDLE in one event', async () => {
    const feed = new Feed();
    const log = watch(feed);
    const protocol = createProtocol({ codec: lines() }, { name: 'vm1', inspect: feed.inspect });
    await protocol.connect({ stream: stream().near });
    const emitted = log.statesOf('vm1').flatMap(({ wirechart }) => wirechart.emitted ?? []);
    expect(emitted).toMatchObject([
      { type: 'runstate', runstate: 'IDLE' },
      { type: 'runstate', runstate: 'CONNECTING' },
      { type: 'runstate', runstate: 'RUNNING' },
    ]);
    await protocol.disconnect();
    const steps = log.statesOf('vm1').at(-1)?.wirechart.microsteps ?? [];
    expect(steps.map(({ event }) => event)).toEqual([
      'done.invoke.closer',
      'done.state.protocol.DISCONNECTING',
    ]);
  });

  it('shows the figures of its link, and its deadlines', async () => {
    const feed = new Feed();
    const log = watch(feed);
    const opened = gate();
    const protocol = createProtocol(
      { codec: lines(), handshake: () => opened.opened },
      { name: 'vm1', inspect: feed.inspect, timeouts: { handshake: 1_234, close: Infinity } },
    );
    const connected = protocol.connect({ stream: stream().near });
    await log.until((all) => JSON.stringify(path(all, 'vm1').at(-1)).includes('establishing'));
    const last = log.statesOf('vm1').at(-1);
    expect(last && stateOf(last).context['link']).toEqual({ undelivered: 0 });
    expect(last?.wirechart.deadlines).toMatchObject([
      { event: 'xstate.after(handshakeTimeout)#protocol.CONNECTING.establishing', ms: 1_234 },
    ]);
    opened.open();
    await connected;
    await protocol.disconnect();
    const closing = log
      .statesOf('vm1')
      .find((state) => JSON.stringify(stateOf(state).value).includes('closing'));
    expect(closing?.wirechart).not.toHaveProperty('deadlines');
  });

  it('accepts a function as `inspect`, which gets the inspection events of XState', async () => {
    const seen: string[] = [];
    const inspect = (event: InspectionEvent) => void seen.push(event.type);
    const protocol = createProtocol({ codec: lines() }, { inspect });
    await protocol.connect({ stream: stream().near });
    await protocol.disconnect();
    expect(seen[0]).toBe('@xstate.actor');
    expect(seen).toContain('@xstate.microstep');
  });
});

describe('a protocol machine in a parent chart', () => {
  const connection = createProtocolMachine({ codec: lines() });
  const parent = setup({
    actors: { connection },
    types: { children: {} as { child: 'connection' } },
  }).createMachine({
    id: 'parent',
    initial: 'online',
    states: {
      online: { invoke: { id: 'child', src: 'connection' }, on: { LEAVE: 'offline' } },
      offline: {},
    },
  });

  it('is reported below the chart, and stopped when its state is left', async () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(parent, { id: 'parent', inspect: feed.inspect }).start();
    const child = actor.getSnapshot().children.child;
    const { near } = stream();
    child?.send({ type: 'CONNECT', address: { stream: near } });
    await log.until((all) => JSON.stringify(path(all, 'child').at(-1)).includes('RUNNING'));
    expect(log.registered('child').parent).toBe(actor.sessionId);
    expect(log.registered('reader').parent).toBe(child?.sessionId);
    actor.send({ type: 'LEAVE' });
    expect(near.destroyed).toBe(true);
    const end = log.summary.slice(log.summary.indexOf('event parent LEAVE'));
    expect(end.filter((one) => one.startsWith('stop'))).toEqual([
      'stop owner',
      'stop reader',
      'stop writer',
      'stop session',
      'stop child',
    ]);
    expect(end.at(-1)).toBe('state parent offline');
  });

  it('is reported to a watcher that is added while it runs', async () => {
    const feed = new Feed();
    const actor = createActor(parent, { id: 'parent' }).start();
    feed.inspect.attach(actor);
    const child = actor.getSnapshot().children.child;
    const running = new Promise((resolve) => {
      child?.on('runstate', ({ runstate }) => {
        if (runstate === 'RUNNING') resolve(runstate);
      });
    });
    child?.send({ type: 'CONNECT', address: { stream: stream().near } });
    await running;
    const log = watch(feed);
    expect(log.summary.map((one) => one.split(' ').slice(0, 4).join(' '))).toEqual([
      'register parent online',
      'register child in parent',
      'register owner in child',
      'register reader in child',
      'register writer in child',
      'register session in child',
    ]);
    expect(stateOf(log.registered('child')).value).toEqual({ RUNNING: 'open' });
    actor.stop();
    expect(log.summary.filter((one) => one.startsWith('stop'))).toHaveLength(6);
  });
});
