/** The messages to receivers of @xstate/inspect in other programs. */

import { describe, expect, it } from 'vitest';
import { Hub } from '../../inspector/src/hub.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { closeCode, startTestInspector, openWebSocket, handled } from './clients.ts';
import { openFakePage } from './fake-page.ts';
import {
  type AnyMessage,
  event,
  introduction,
  openProgram,
  registration,
  stop,
} from './fake-program.ts';

expectIdleAfterEach();

const INSPECTING = JSON.stringify({ type: 'xstate.inspecting' });

describe('a receiver', () => {
  it('gets the registrations when it asks, and then all messages, with unique ids', async () => {
    const inspector = await startTestInspector();
    const one = await openProgram(inspector, {}, [
      registration('x:0'),
      registration('x:1', { parent: 'x:0' }),
    ]);
    const other = await openProgram(inspector, {}, [registration('x:0')]);
    await Promise.all([one.handled(), other.handled()]);
    const receiver = await openWebSocket(inspector, '/receiver');
    const messages: AnyMessage[] = [];
    receiver.on('message', (data: Buffer) =>
      messages.push(JSON.parse(data.toString()) as AnyMessage),
    );
    receiver.send(INSPECTING);
    await handled(receiver);
    other.send(event('x:0', 'E', { origin: 'x:9' }), stop('x:0'), 'garbage', introduction());
    await other.handled();
    await handled(receiver);
    expect(messages.map(({ type, sessionId, parent }) => [type, sessionId, parent])).toEqual([
      ['service.register', 'p1/x:0', undefined],
      ['service.register', 'p1/x:1', 'p1/x:0'],
      ['service.register', 'p2/x:0', undefined],
      ['service.event', 'p2/x:0', undefined],
      ['service.stop', 'p2/x:0', undefined],
    ]);
    expect(JSON.parse(String(messages[3]?.['event']))).toMatchObject({
      name: 'E',
      origin: 'p2/x:9',
    });
  });

  it('has no effect on others when it disconnects', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const receiver = await openWebSocket(inspector, '/receiver');
    const closed = closeCode(receiver);
    receiver.terminate();
    await closed;
    await openProgram(inspector, {}, [registration('x:0')]);
    await page.actor('x:0');
  });

  it('misses messages when it does not read', () => {
    const hub = new Hub(false);
    const sent: string[] = [];
    const socket = { bufferedAmount: 0, send: (text: string) => void sent.push(text) };
    hub.relay.add(socket);
    const program = hub.newProgram('live');
    const receive = (message: object) => {
      program.receive(JSON.stringify(message));
    };
    receive(registration('x:0'));
    expect(sent).toHaveLength(1);
    socket.bufferedAmount = 17 * 1024 * 1024;
    receive(event('x:0', 'LEFT_OUT'));
    hub.relay.handleCommand(socket, INSPECTING);
    expect(sent).toHaveLength(1);
    socket.bufferedAmount = 0;
    hub.relay.handleCommand(socket, INSPECTING);
    receive(event('x:0', 'RELAYED'));
    expect(sent).toHaveLength(3);
    hub.relay.remove(socket);
    expect(hub.relay.isUsed).toBe(false);
    receive(event('x:0', 'REMOVED'));
    expect(sent.join()).not.toMatch(/LEFT_OUT|REMOVED/);
  });
});
