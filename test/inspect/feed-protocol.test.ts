/** The library's own machines, watched: alone, and in a chart of somebody's. */

import { describe, expect, it, vi } from 'vitest';
import { createActor, type InspectionEvent, setup } from 'xstate';
import { createProtocolMachine, lines, streamPair } from '../../src/index.ts';
import { Feed } from '../../src/inspect/feed.ts';
import { createProtocol, expectHomeAfterEach } from '../support/cleanup.ts';
import { gate } from '../support/signal.ts';
import { type Heard, listenTo, nodeOf, stateOf } from './support.ts';

expectHomeAfterEach();

/** The near end of a stream whose far end ends when it does. */
function stream() {
  const [near, far] = streamPair();
  far.resume().on('end', () => far.end());
  return { near, far };
}

/** The states that a machine went through, each once in a row. */
function path(heard: Heard, id: string): unknown[] {
  const values = heard.statesOf(id).map((state) => JSON.stringify(stateOf(state).value));
  return values
    .filter((value, at) => value !== values[at - 1])
    .map((value): unknown => JSON.parse(value));
}

const WAY_HOME = [
  'IDLE',
  { CONNECTING: 'dialing' },
  { RUNNING: 'open' },
  { DISCONNECTING: 'closing' },
  'IDLE',
];

describe('the machine of a protocol', () => {
  it('is attached by its option, and told of through a session', async () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const attach = vi.spyOn(feed.inspect, 'attach');
    const protocol = createProtocol({ codec: lines() }, { name: 'vm1', inspect: feed.inspect });
    expect(attach).toHaveBeenCalledTimes(1);
    await protocol.connect({ stream: stream().near });
    await protocol.disconnect();
    expect(path(heard, 'vm1')).toEqual(WAY_HOME);
    expect(nodeOf(heard.registered('vm1').machine).id).toBe('protocol');
    const inside = ['owner', 'dialer', 'reader', 'writer', 'closer'];
    const { sessionId } = heard.registered('vm1');
    for (const id of inside) expect(heard.registered(id).parent).toBe(sessionId);
    expect(heard.of('wirechart.problem')).toEqual([]);
  });

  it('has its runstates as what it emits, and the way home in one event', async () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const protocol = createProtocol({ codec: lines() }, { name: 'vm1', inspect: feed.inspect });
    await protocol.connect({ stream: stream().near });
    const emitted = heard.statesOf('vm1').flatMap(({ wirechart }) => wirechart.emitted ?? []);
    expect(emitted).toMatchObject([
      { type: 'runstate', runstate: 'IDLE' },
      { type: 'runstate', runstate: 'CONNECTING' },
      { type: 'runstate', runstate: 'RUNNING' },
    ]);
    await protocol.disconnect();
    const steps = heard.statesOf('vm1').at(-1)?.wirechart.microsteps ?? [];
    expect(steps.map(({ event }) => event)).toEqual([
      'done.invoke.closer',
      'done.state.protocol.DISCONNECTING',
    ]);
  });

  it('shows its link by its figures, and has its deadlines told', async () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const opened = gate();
    const protocol = createProtocol(
      { codec: lines(), handshake: () => opened.opened },
      { name: 'vm1', inspect: feed.inspect, timeouts: { handshake: 1_234, close: Infinity } },
    );
    const connected = protocol.connect({ stream: stream().near });
    await heard.until((all) => JSON.stringify(path(all, 'vm1').at(-1)).includes('establishing'));
    const last = heard.statesOf('vm1').at(-1);
    expect(last && stateOf(last).context['link']).toEqual({ undelivered: 0 });
    expect(last?.wirechart.deadlines).toMatchObject([
      { event: 'xstate.after(handshakeTimeout)#protocol.CONNECTING.establishing', ms: 1_234 },
    ]);
    opened.open();
    await connected;
    await protocol.disconnect();
    const closing = heard
      .statesOf('vm1')
      .find((state) => JSON.stringify(stateOf(state).value).includes('closing'));
    expect(closing?.wirechart).not.toHaveProperty('deadlines');
  });

  it('may be given a function of the user, which gets what XState tells', async () => {
    const seen: string[] = [];
    const inspect = (event: InspectionEvent) => void seen.push(event.type);
    const protocol = createProtocol({ codec: lines() }, { inspect });
    await protocol.connect({ stream: stream().near });
    await protocol.disconnect();
    expect(seen[0]).toBe('@xstate.actor');
    expect(seen).toContain('@xstate.microstep');
  });
});

describe('a protocol machine in a chart', () => {
  const connection = createProtocolMachine({ codec: lines() });
  const house = setup({
    actors: { connection },
    types: { children: {} as { line: 'connection' } },
  }).createMachine({
    id: 'house',
    initial: 'online',
    states: {
      online: { invoke: { id: 'line', src: 'connection' }, on: { LEAVE: 'offline' } },
      offline: {},
    },
  });

  it('is told of with the chart, and stopped with its state', async () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const actor = createActor(house, { id: 'house', inspect: feed.inspect }).start();
    const line = actor.getSnapshot().children.line;
    const { near } = stream();
    line?.send({ type: 'CONNECT', address: { stream: near } });
    await heard.until((all) => JSON.stringify(path(all, 'line').at(-1)).includes('RUNNING'));
    expect(heard.registered('line').parent).toBe(actor.sessionId);
    expect(heard.registered('reader').parent).toBe(line?.sessionId);
    actor.send({ type: 'LEAVE' });
    expect(near.destroyed).toBe(true);
    const end = heard.story.slice(heard.story.indexOf('event house LEAVE'));
    expect(end.filter((one) => one.startsWith('stop'))).toEqual([
      'stop owner',
      'stop reader',
      'stop writer',
      'stop line',
    ]);
    expect(end.at(-1)).toBe('state house offline');
  });

  it('is told of to a watcher that comes while it runs', async () => {
    const feed = new Feed();
    const actor = createActor(house, { id: 'house' }).start();
    feed.inspect.attach(actor);
    const line = actor.getSnapshot().children.line;
    const running = new Promise((resolve) => {
      line?.on('runstate', ({ runstate }) => {
        if (runstate === 'RUNNING') resolve(runstate);
      });
    });
    line?.send({ type: 'CONNECT', address: { stream: stream().near } });
    await running;
    const heard = listenTo(feed);
    expect(heard.story.map((one) => one.split(' ').slice(0, 4).join(' '))).toEqual([
      'register house online',
      'register line in house',
      'register owner in line',
      'register reader in line',
      'register writer in line',
    ]);
    expect(stateOf(heard.registered('line')).value).toEqual({ RUNNING: 'open' });
    actor.stop();
    expect(heard.story.filter((one) => one.startsWith('stop'))).toHaveLength(5);
  });
});
