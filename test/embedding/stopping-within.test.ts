/** A parent stops its child during a callback, or during a step of the child's machine. */

import { describe, expect, it } from 'vitest';
import { AsyncProtocol, type Runstate } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, turn } from '../support/signal.ts';
import { discardingPair, startParent } from './support.ts';

expectIdleAfterEach();

describe('leaving the invoking state in a callback of the protocol', () => {
  it.each(['handshake', 'inbound', 'onMessage', 'outbound'] as const)('%s', async (name) => {
    const [near, far] = discardingPair();
    const called = gate();
    const received: string[] = [];
    const leave = () => {
      fixture.parent.send({ type: 'LEAVE' });
      called.open();
    };
    const fixture = startParent({
      forward: true,
      definition: {
        [name]: (message: unknown) => {
          leave();
          if (name === 'handshake') return Promise.resolve();
          received.push(String(message));
          return name === 'onMessage' ? undefined : message;
        },
      },
    });
    const protocol = AsyncProtocol.attach(fixture.connection);
    const { closed } = protocol;
    fixture.send({ type: 'CONNECT', address: { stream: near } });
    if (name !== 'handshake' && protocol.runstate !== 'RUNNING') {
      for await (const runstate of protocol.runstates()) if (runstate === 'RUNNING') break;
    }
    const sent = name === 'outbound' ? protocol.send('one') : undefined;
    if (name !== 'outbound') far.write('one\ntwo\n');
    await called.opened;
    expect(near.destroyed).toBe(true);
    await Promise.allSettled([sent]);
    const { cause } = await closed;
    expect(name === 'handshake' ? cause?.cause : cause).toMatchObject({ code: 'ERR_CLOSED' });
    await turn();
    // The callback is not called again, and what was read is not forwarded.
    if (name !== 'handshake') expect(received).toEqual(['one']);
    expect(fixture.emitted.filter(({ type }) => type === 'message')).toEqual([]);
    expect(fixture.parent.getSnapshot()).toMatchObject({ value: 'outside', status: 'active' });
    expect(fixture.connection.getSnapshot().status).toBe('stopped');
  });
});

describe('leaving the invoking state in a listener of the child', () => {
  it.each<Runstate>(['CONNECTING', 'RUNNING', 'DISCONNECTING', 'IDLE'])(
    'for the event of %s',
    async (wanted) => {
      const [near, far] = discardingPair();
      const { parent, connection, send, emitted } = startParent();
      const left = gate();
      connection.on('runstate', ({ runstate }) => {
        if (runstate === 'RUNNING' && wanted !== 'RUNNING') far.end();
        if (runstate !== wanted) return;
        parent.send({ type: 'LEAVE' });
        left.open();
      });
      const protocol = AsyncProtocol.attach(connection);
      const { closed } = protocol;
      send({ type: 'CONNECT', address: { stream: near } });
      await left.opened;
      await turn();
      expect(near.destroyed).toBe(true);
      expect(protocol.runstate).toBe('IDLE');
      expect((await closed).cause?.message).toMatch(/stopped|ended/);
      expect(parent.getSnapshot()).toMatchObject({ value: 'outside', status: 'active' });
      expect(connection.getSnapshot().status).toBe('stopped');
      expect(emitted.at(-1)).toMatchObject({ runstate: wanted });
    },
  );

  it('for the event `closed`', async () => {
    const [near, far] = discardingPair();
    const { parent, connection, send } = startParent();
    const protocol = AsyncProtocol.attach(connection);
    const { closed } = protocol;
    connection.on('closed', () => {
      parent.send({ type: 'LEAVE' });
    });
    send({ type: 'CONNECT', address: { stream: near } });
    far.end();
    expect((await closed).cause).toMatchObject({ message: 'The peer ended the stream' });
    expect(protocol.runstate).toBe('IDLE');
    expect(connection.getSnapshot().status).toBe('stopped');
  });
});
