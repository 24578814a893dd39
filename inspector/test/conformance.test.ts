/**
 * Conformance to @xstate/inspect: its own receivers must understand a program's messages and be able to
 * send events to its actors. In this file `xstate` is version 4, so the machines are imported.
 */

import { once } from 'node:events';
import { createWebSocketReceiver, createWindowReceiver } from '@xstate/inspect';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Feed } from '../../src/inspect/feed.ts';
import { inspectTo } from '../../src/inspect/index.ts';
import { actorOf, nested, parallel, parent } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { startInspector } from '../src/index.ts';
import { openReceiver, type ReceiverEvent } from '../src/receiver.ts';

type Actor = ReturnType<typeof actorOf>;

/** Records the events of a receiver of @xstate/inspect. */
class EventLog {
  readonly events: ReceiverEvent[] = [];
  readonly #machines = new Map<string, Extract<ReceiverEvent, { type: 'service.register' }>>();
  readonly #waiting = new Set<() => void>();

  readonly add = (event: ReceiverEvent): void => {
    this.events.push(event);
    if (event.type === 'service.register') this.#machines.set(event.sessionId, event);
    for (const check of this.#waiting) check();
  };

  /** The current state value of an actor as XState 4 resolves it, and the events that it can handle. */
  stateOf(sessionId: string): { value: unknown; nextEvents: readonly string[] } | undefined {
    const registration = this.#machines.get(sessionId);
    const states = this.events.filter((event) => event.type === 'service.state');
    const latest = states.findLast((event) => event.sessionId === sessionId) ?? registration;
    if (registration === undefined || latest === undefined) return undefined;
    const state = registration.machine.resolveState(latest.state);
    return { value: state.value, nextEvents: state.nextEvents };
  }

  registered(id: string): Extract<ReceiverEvent, { type: 'service.register' }> | undefined {
    return [...this.#machines.values()].findLast((event) => event.id === id);
  }

  /** Resolves when a condition holds. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const check = () => {
        if (!condition()) return;
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
  /** Connects a feed of an actor to the package's receiver. */
  function connected(actor: Actor): { log: EventLog; send: (to: string, event: object) => void } {
    const feed = new Feed();
    const log = new EventLog();
    feed.inspect.attach(actor);
    const sink = (line: string) => {
      receiver.receive(JSON.parse(line) as object);
    };
    const receiver = openReceiver(log.add, (command) => {
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
      log,
      send: (to, event) => {
        const scxml = { name: 'e', data: event, $$type: 'scxml', type: 'external', origin: to };
        receiver.send(to, JSON.stringify(scxml));
      },
    };
  }

  test.each(['nested', 'parallel'] as const)('follows a %s machine step by step', async (name) => {
    const actor = actorOf(MACHINES[name]);
    const { log } = connected(actor);
    await Promise.resolve();
    actor.start();
    expect(log.stateOf(actor.sessionId)?.value).toEqual(actor.getSnapshot().value);
    for (const type of EVENTS[name]) {
      const before = log.stateOf(actor.sessionId);
      expect(before?.nextEvents).toContain(type);
      actor.send({ type });
      expect(log.stateOf(actor.sessionId)?.value).toEqual(actor.getSnapshot().value);
    }
  });

  test('follows an embedded machine, and knows its parent', async () => {
    const actor = actorOf(parent);
    const { log } = connected(actor);
    await Promise.resolve();
    actor.start();
    actor.send({ type: 'ENTER' });
    const child = log.registered('connection');
    expect(child?.parent).toBe(actor.sessionId);
    expect(log.stateOf(child?.sessionId ?? '')?.value).toBe('IDLE');
    expect(log.registered('owner')?.parent).toBe(child?.sessionId);
    actor.send({ type: 'LEAVE' });
    const stops = log.events.filter(({ type }) => type === 'service.stop');
    expect(stops.map(({ sessionId }) => sessionId)).toContain(child?.sessionId);
  });

  test('sends events to the machine', async () => {
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

  test('ignores the additional messages of wirechart', () => {
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
    // The package does not close its sockets, so the test does.
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
    const inspection = inspectTo(inspector.url, { name: 'program', control: true });
    inspection.inspect.attach(actor);
    const log = new EventLog();
    const receiver = createWebSocketReceiver({ server: inspector.receiver, serialize: undefined });
    receiver.subscribe(log.add);
    cleanUp(async () => {
      actor.stop();
      for (const socket of sockets) socket.terminate();
      await inspection.close();
      await inspector.close();
    });
    return { log, receiver };
  }

  test.each(['nested', 'parallel'] as const)('follows a %s machine', async (name) => {
    const actor = actorOf(MACHINES[name]).start();
    const { log } = await inspected(actor);
    await log.until(() => log.registered(actor.id) !== undefined);
    const id = log.registered(actor.id)?.sessionId ?? '';
    for (const type of EVENTS[name]) {
      actor.send({ type });
      const text = JSON.stringify(actor.getSnapshot().value);
      await log.until(() => JSON.stringify(log.stateOf(id)?.value) === text);
    }
    expect(log.stateOf(id)?.value).toEqual(actor.getSnapshot().value);
  });

  test('knows the children of an embedded machine by unique ids, and their end', async () => {
    const actor = actorOf(parent).start();
    const { log } = await inspected(actor);
    await log.until(() => log.registered(actor.id) !== undefined);
    actor.send({ type: 'ENTER' });
    await log.until(() => log.registered('connection') !== undefined);
    const child = log.registered('connection');
    expect(child?.parent).toBe(log.registered(actor.id)?.sessionId);
    actor.send({ type: 'CALL' });
    const listening = JSON.stringify({ CONNECTING: { listening: 'bound' } });
    const isBound = () => JSON.stringify(log.stateOf(child?.sessionId ?? '')?.value) === listening;
    await log.until(isBound);
    actor.send({ type: 'LEAVE' });
    const isStopped = ({ type, sessionId }: ReceiverEvent) =>
      type === 'service.stop' && sessionId === child?.sessionId;
    await log.until(() => log.events.some(isStopped));
  });

  test('sends events to the machine when the inspector was started with control', async () => {
    const actor = actorOf(nested).start();
    const { log, receiver } = await inspected(actor, true);
    await log.until(() => log.registered(actor.id) !== undefined);
    const service = log.registered(actor.id)?.sessionId ?? '';
    const scxml = { name: 'START', data: { type: 'START' }, $$type: 'scxml', type: 'external' };
    receiver.send({
      type: 'xstate.event',
      event: JSON.stringify({ ...scxml, origin: service }),
      service,
    });
    await log.until(() => JSON.stringify(log.stateOf(service)?.value) === '{"on":"slow"}');
    expect(actor.getSnapshot().value).toEqual({ on: 'slow' });
  });

  test('sends no events otherwise', async () => {
    const actor = actorOf(nested).start();
    const { log, receiver } = await inspected(actor);
    await log.until(() => log.registered(actor.id) !== undefined);
    const service = log.registered(actor.id)?.sessionId ?? '';
    const scxml = { name: 'START', data: { type: 'START' }, $$type: 'scxml', type: 'external' };
    receiver.send({
      type: 'xstate.event',
      event: JSON.stringify({ ...scxml, origin: service }),
      service,
    });
    // Requests are handled in order: this one is answered after the event.
    const count = log.events.length;
    receiver.send({ type: 'xstate.inspecting' });
    await log.until(() => log.events.length > count);
    expect(actor.getSnapshot().value).toBe('off');
  });

  test('understands a program that is connected directly', async () => {
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
    const log = new EventLog();
    createWebSocketReceiver({
      server: `127.0.0.1:${String(port)}`,
      serialize: undefined,
    }).subscribe(log.add);
    await log.until(() => log.registered(actor.id) !== undefined);
    actor.send({ type: 'BLOW' });
    const value = JSON.stringify(actor.getSnapshot().value);
    await log.until(() => JSON.stringify(log.stateOf(actor.sessionId)?.value) === value);
    actor.stop();
    for (const socket of sockets) socket.terminate();
    server.close();
    await once(server, 'close');
  });
});
