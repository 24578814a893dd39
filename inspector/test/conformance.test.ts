/**
 * @xstate/inspect is the oracle: its own receivers must understand what a program says, and drive what
 * it runs. In this file `xstate` would be version 4, so the machines come from elsewhere.
 */

import { once } from 'node:events';
import { createWebSocketReceiver, createWindowReceiver } from '@xstate/inspect';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Feed } from '../../src/inspect/feed.ts';
import { inspectTo } from '../../src/inspect/index.ts';
import { actorOf, house, nested, parallel } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { startInspector } from '../src/index.ts';
import { type Heard, openReceiver } from '../src/receiver.ts';

type Actor = ReturnType<typeof actorOf>;

/** What a receiver of @xstate/inspect has made of what it heard. */
class Oracle {
  readonly heard: Heard[] = [];
  readonly #machines = new Map<string, Extract<Heard, { type: 'service.register' }>>();
  readonly #waiting = new Set<() => void>();

  readonly hear = (event: Heard): void => {
    this.heard.push(event);
    if (event.type === 'service.register') this.#machines.set(event.sessionId, event);
    for (const check of this.#waiting) check();
  };

  /** The value of an actor's present state, as XState 4 resolves it, and what it says may come next. */
  stateOf(sessionId: string): { value: unknown; nextEvents: readonly string[] } | undefined {
    const registration = this.#machines.get(sessionId);
    const states = this.heard.filter((event) => event.type === 'service.state');
    const latest = states.findLast((event) => event.sessionId === sessionId) ?? registration;
    if (registration === undefined || latest === undefined) return undefined;
    const state = registration.machine.resolveState(latest.state);
    return { value: state.value, nextEvents: state.nextEvents };
  }

  registered(id: string): Extract<Heard, { type: 'service.register' }> | undefined {
    return [...this.#machines.values()].findLast((event) => event.id === id);
  }

  /** Resolves when what is asked for is so. */
  async until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    await new Promise<void>((resolve) => {
      const check = () => {
        if (!isSo()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }
}

const EVENTS = {
  nested: ['START', 'FASTER', 'FASTER', 'FASTER', 'PAUSE', 'RESUME', 'STOP'],
  parallel: ['SWITCH', 'BLOW', 'WARM', 'SWITCH'],
} as const;
const MACHINES = { nested, parallel };

expectIdleAfterEach();

describe('the window receiver', () => {
  /** A feed, and the package's receiver at the other end of it. */
  function connected(actor: Actor): { oracle: Oracle; send: (to: string, event: object) => void } {
    const feed = new Feed();
    const oracle = new Oracle();
    feed.inspect.attach(actor);
    const sink = (line: string) => {
      receiver.take(JSON.parse(line) as object);
    };
    const receiver = openReceiver(oracle.hear, (command) => {
      const { type, event } = command as { type: string; event?: string };
      if (type === 'xstate.inspecting')
        queueMicrotask(() => {
          feed.add(sink);
        });
      else if (type === 'xstate.event') feed.send({ type, event: event ?? '' });
    });
    cleanUp(() => {
      feed.remove(sink);
      receiver.stop();
      actor.stop();
    });
    return {
      oracle,
      send: (to, event) => {
        const scxml = { name: 'e', data: event, $$type: 'scxml', type: 'external', origin: to };
        receiver.send(to, JSON.stringify(scxml));
      },
    };
  }

  test.each(['nested', 'parallel'] as const)('follows a %s machine step by step', async (name) => {
    const actor = actorOf(MACHINES[name]);
    const { oracle } = connected(actor);
    await Promise.resolve();
    actor.start();
    expect(oracle.stateOf(actor.sessionId)?.value).toEqual(actor.getSnapshot().value);
    for (const type of EVENTS[name]) {
      const before = oracle.stateOf(actor.sessionId);
      expect(before?.nextEvents).toContain(type);
      actor.send({ type });
      expect(oracle.stateOf(actor.sessionId)?.value).toEqual(actor.getSnapshot().value);
    }
  });

  test('follows an embedded machine, and knows whose child it is', async () => {
    const actor = actorOf(house);
    const { oracle } = connected(actor);
    await Promise.resolve();
    actor.start();
    actor.send({ type: 'ENTER' });
    const line = oracle.registered('line');
    expect(line?.parent).toBe(actor.sessionId);
    expect(oracle.stateOf(line?.sessionId ?? '')?.value).toBe('IDLE');
    expect(oracle.registered('owner')?.parent).toBe(line?.sessionId);
    actor.send({ type: 'LEAVE' });
    const stops = oracle.heard.filter(({ type }) => type === 'service.stop');
    expect(stops.map(({ sessionId }) => sessionId)).toContain(line?.sessionId);
  });

  test('drives the machine by the events that it sends', async () => {
    const actor = actorOf(nested);
    const { send } = connected(actor);
    await Promise.resolve();
    actor.start();
    send(actor.sessionId, { type: 'START' });
    send(actor.sessionId, { type: 'FASTER' });
    expect(actor.getSnapshot().value).toEqual({ on: 'fast' });
    send(actor.sessionId, { type: 'PAUSE' });
    send(actor.sessionId, { type: 'xstate.after(limit)#nested.paused' });
    expect(actor.getSnapshot().value).toBe('off');
  });

  test('ignores what only our inspector understands', () => {
    const message = vi.fn();
    const target = { postMessage: vi.fn() };
    const listeners: ((message: { data: unknown }) => void)[] = [];
    const window = {
      addEventListener: (_: string, listener: (message: { data: unknown }) => void) =>
        listeners.push(listener),
      removeEventListener: vi.fn(),
    };
    const receiver = createWindowReceiver({
      window: window as unknown as Window,
      targetWindow: target as unknown as Window,
    });
    receiver.subscribe(message);
    for (const type of ['wirechart.program', 'wirechart.message', 'wirechart.problem']) {
      for (const listener of listeners) listener({ data: { type } });
    }
    expect(message).not.toHaveBeenCalled();
    expect(target.postMessage.mock.calls).toEqual([[{ type: 'xstate.inspecting' }, '*']]);
  });
});

describe('the WebSocket receiver', () => {
  const sockets: WebSocket[] = [];
  beforeEach(() => {
    // The package cannot close what it opens; the test can.
    vi.stubGlobal(
      'WebSocket',
      class extends WebSocket {
        constructor(url: string) {
          super(url);
          sockets.push(this);
        }
      },
    );
  });
  afterEach(async () => {
    vi.unstubAllGlobals();
    await Promise.all(
      sockets.splice(0).map(async (socket) => {
        if (socket.readyState === WebSocket.CLOSED) return;
        socket.terminate();
        await once(socket, 'close');
      }),
    );
  });

  async function inspected(actor: Actor, control = false) {
    const inspector = await startInspector({ control });
    const inspection = inspectTo(inspector.url, { name: 'oracle' });
    inspection.inspect.attach(actor);
    const oracle = new Oracle();
    const receiver = createWebSocketReceiver({ server: inspector.receiver, serialize: undefined });
    receiver.subscribe(oracle.hear);
    cleanUp(async () => {
      actor.stop();
      for (const socket of sockets) socket.terminate();
      await inspection.close();
      await inspector.close();
    });
    return { oracle, receiver };
  }

  test.each(['nested', 'parallel'] as const)('follows a %s machine', async (name) => {
    const actor = actorOf(MACHINES[name]).start();
    const { oracle } = await inspected(actor);
    await oracle.until(() => oracle.registered(actor.id) !== undefined);
    const id = oracle.registered(actor.id)?.sessionId ?? '';
    for (const type of EVENTS[name]) {
      actor.send({ type });
      const text = JSON.stringify(actor.getSnapshot().value);
      await oracle.until(() => JSON.stringify(oracle.stateOf(id)?.value) === text);
    }
    expect(oracle.stateOf(id)?.value).toEqual(actor.getSnapshot().value);
  });

  test('knows the children of an embedded machine by unique ids, and what became of them', async () => {
    const actor = actorOf(house).start();
    const { oracle } = await inspected(actor);
    await oracle.until(() => oracle.registered(actor.id) !== undefined);
    actor.send({ type: 'ENTER' });
    await oracle.until(() => oracle.registered('line') !== undefined);
    const line = oracle.registered('line');
    expect(line?.parent).toBe(oracle.registered(actor.id)?.sessionId);
    actor.send({ type: 'CALL' });
    const listening = JSON.stringify({ CONNECTING: { listening: 'bound' } });
    const isBound = () =>
      JSON.stringify(oracle.stateOf(line?.sessionId ?? '')?.value) === listening;
    await oracle.until(isBound);
    actor.send({ type: 'LEAVE' });
    const isStopped = ({ type, sessionId }: Heard) =>
      type === 'service.stop' && sessionId === line?.sessionId;
    await oracle.until(() => oracle.heard.some(isStopped));
  });

  test('drives the machine, where the inspector was started with control', async () => {
    const actor = actorOf(nested).start();
    const { oracle, receiver } = await inspected(actor, true);
    await oracle.until(() => oracle.registered(actor.id) !== undefined);
    const service = oracle.registered(actor.id)?.sessionId ?? '';
    const scxml = { name: 'START', data: { type: 'START' }, $$type: 'scxml', type: 'external' };
    receiver.send({
      type: 'xstate.event',
      event: JSON.stringify({ ...scxml, origin: service }),
      service,
    });
    await oracle.until(() => JSON.stringify(oracle.stateOf(service)?.value) === '{"on":"slow"}');
    expect(actor.getSnapshot().value).toEqual({ on: 'slow' });
  });

  test('drives nothing otherwise', async () => {
    const actor = actorOf(nested).start();
    const { oracle, receiver } = await inspected(actor);
    await oracle.until(() => oracle.registered(actor.id) !== undefined);
    const service = oracle.registered(actor.id)?.sessionId ?? '';
    const scxml = { name: 'START', data: { type: 'START' }, $$type: 'scxml', type: 'external' };
    receiver.send({
      type: 'xstate.event',
      event: JSON.stringify({ ...scxml, origin: service }),
      service,
    });
    // What is asked after it is answered after it.
    const count = oracle.heard.length;
    receiver.send({ type: 'xstate.inspecting' });
    await oracle.until(() => oracle.heard.length > count);
    expect(actor.getSnapshot().value).toBe('off');
  });

  test('understands a program without an inspector between them', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const feed = new Feed();
    const actor = actorOf(parallel).start();
    feed.inspect.attach(actor);
    server.on('connection', (socket) => {
      const sink = (line: string) => {
        socket.send(line);
      };
      socket.once('message', () => {
        feed.add(sink);
      });
      socket.once('close', () => {
        feed.remove(sink);
      });
    });
    const oracle = new Oracle();
    createWebSocketReceiver({
      server: `127.0.0.1:${String(port)}`,
      serialize: undefined,
    }).subscribe(oracle.hear);
    await oracle.until(() => oracle.registered(actor.id) !== undefined);
    actor.send({ type: 'BLOW' });
    const value = JSON.stringify(actor.getSnapshot().value);
    await oracle.until(() => JSON.stringify(oracle.stateOf(actor.sessionId)?.value) === value);
    actor.stop();
    for (const socket of sockets) socket.terminate();
    server.close();
    await once(server, 'close');
  });
});
