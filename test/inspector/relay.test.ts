/** What receivers of @xstate/inspect in other programs are told, and how much waits for them. */

import { describe, expect, it } from 'vitest';
import { Hub } from '../../inspector/src/hub.ts';
import { expectHomeAfterEach } from '../support/cleanup.ts';
import { closing, inspector, open, taken } from './clients.ts';
import { openPage } from './page.ts';
import { type Command, event, introduction, openTeller, registration, stop } from './teller.ts';

expectHomeAfterEach();

const INSPECTING = JSON.stringify({ type: 'xstate.inspecting' });

describe('a receiver', () => {
  it('is told what there is when it asks, and then what happens, with ids of its own', async () => {
    const here = await inspector();
    const one = await openTeller(here, {}, [
      registration('x:0'),
      registration('x:1', { parent: 'x:0' }),
    ]);
    const other = await openTeller(here, {}, [registration('x:0')]);
    await Promise.all([one.taken(), other.taken()]);
    const receiver = await open(here, '/receiver');
    const heard: Command[] = [];
    receiver.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as Command));
    receiver.send(INSPECTING);
    await taken(receiver);
    other.say(event('x:0', 'E', { origin: 'x:9' }), stop('x:0'), 'garbage', introduction());
    await other.taken();
    await taken(receiver);
    expect(heard.map(({ type, sessionId, parent }) => [type, sessionId, parent])).toEqual([
      ['service.register', 'p1/x:0', undefined],
      ['service.register', 'p1/x:1', 'p1/x:0'],
      ['service.register', 'p2/x:0', undefined],
      ['service.event', 'p2/x:0', undefined],
      ['service.stop', 'p2/x:0', undefined],
    ]);
    expect(JSON.parse(String(heard[3]?.['event']))).toMatchObject({ name: 'E', origin: 'p2/x:9' });
  });

  it('harms nobody when it has gone', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const receiver = await open(here, '/receiver');
    const closed = closing(receiver);
    receiver.terminate();
    await closed;
    await openTeller(here, {}, [registration('x:0')]);
    await page.actor('x:0');
  });

  it('that does not read has messages left out', () => {
    const hub = new Hub(false);
    const said: string[] = [];
    const socket = { bufferedAmount: 0, send: (text: string) => void said.push(text) };
    hub.relay.add(socket);
    const program = hub.newProgram('live');
    const take = (message: object) => {
      program.take(JSON.stringify(message));
    };
    take(registration('x:0'));
    expect(said).toHaveLength(1);
    socket.bufferedAmount = 17 * 1024 * 1024;
    take(event('x:0', 'LEFT_OUT'));
    hub.relay.obey(socket, INSPECTING);
    expect(said).toHaveLength(1);
    socket.bufferedAmount = 0;
    hub.relay.obey(socket, INSPECTING);
    take(event('x:0', 'HEARD'));
    expect(said).toHaveLength(3);
    hub.relay.remove(socket);
    expect(hub.relay.isUsed).toBe(false);
    take(event('x:0', 'UNHEARD'));
    expect(said.join()).not.toMatch(/LEFT_OUT|UNHEARD/);
  });
});
