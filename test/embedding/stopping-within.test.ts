/** A parent leaves in the middle of what its child does: within a callback, or within a step of the child's. */

import { describe, expect, it } from 'vitest';
import { AsyncProtocol, type Runstate } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, turn } from '../support/signal.ts';
import { politePair, startHouse } from './support.ts';

expectIdleAfterEach();

describe('leaving from within a callback of the protocol', () => {
  it.each(['handshake', 'inbound', 'onMessage', 'outbound'] as const)('%s', async (name) => {
    const [near, far] = politePair();
    const called = gate();
    const heard: string[] = [];
    const leave = () => {
      made.house.send({ type: 'LEAVE' });
      called.open();
    };
    const made = startHouse({
      forward: true,
      definition: {
        [name]: (message: unknown) => {
          leave();
          if (name === 'handshake') return Promise.resolve();
          heard.push(String(message));
          return name === 'onMessage' ? undefined : message;
        },
      },
    });
    const protocol = AsyncProtocol.attach(made.line);
    const { closed } = protocol;
    made.tell({ type: 'CONNECT', address: { stream: near } });
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
    // It is not called again, and what was read is not forwarded to anybody.
    if (name !== 'handshake') expect(heard).toEqual(['one']);
    expect(made.emitted.filter(({ type }) => type === 'message')).toEqual([]);
    expect(made.house.getSnapshot()).toMatchObject({ value: 'outside', status: 'active' });
    expect(made.line.getSnapshot().status).toBe('stopped');
  });
});

describe('leaving from within a listener of what the child emits', () => {
  it.each<Runstate>(['CONNECTING', 'RUNNING', 'DISCONNECTING', 'IDLE'])(
    'as it enters %s',
    async (wanted) => {
      const [near, far] = politePair();
      const { house, line, tell, emitted } = startHouse();
      const left = gate();
      line.on('runstate', ({ runstate }) => {
        if (runstate === 'RUNNING' && wanted !== 'RUNNING') far.end();
        if (runstate !== wanted) return;
        house.send({ type: 'LEAVE' });
        left.open();
      });
      const protocol = AsyncProtocol.attach(line);
      const { closed } = protocol;
      tell({ type: 'CONNECT', address: { stream: near } });
      await left.opened;
      await turn();
      expect(near.destroyed).toBe(true);
      expect(protocol.runstate).toBe('IDLE');
      expect((await closed).cause?.message).toMatch(/stopped|ended/);
      expect(house.getSnapshot()).toMatchObject({ value: 'outside', status: 'active' });
      expect(line.getSnapshot().status).toBe('stopped');
      expect(emitted.at(-1)).toMatchObject({ runstate: wanted });
    },
  );

  it('as it is told how the session ended', async () => {
    const [near, far] = politePair();
    const { house, line, tell } = startHouse();
    const protocol = AsyncProtocol.attach(line);
    const { closed } = protocol;
    line.on('closed', () => {
      house.send({ type: 'LEAVE' });
    });
    tell({ type: 'CONNECT', address: { stream: near } });
    far.end();
    expect((await closed).cause).toMatchObject({ message: 'The peer ended the stream' });
    expect(protocol.runstate).toBe('IDLE');
    expect(line.getSnapshot().status).toBe('stopped');
  });
});
