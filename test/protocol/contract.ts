/**
 * The contract of a session over any transport: one suite, which `contract.test.ts` runs for each.
 */

import { describe, expect, it } from 'vitest';
import { type AsyncProtocol, ClosedError, lines, type ProtocolOptions } from '../../src/index.ts';
import { createProtocol } from '../support/cleanup.ts';
import { inbox, type Inbox } from '../support/peers.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { rejection } from '../support/signal.ts';

/** How two protocols are connected. */
export interface Transport {
  /** Connects both; resolves when they are RUNNING. */
  join(near: AsyncProtocol<string>, far: AsyncProtocol<string>): Promise<void>;
}

/** Two protocols, and the messages that each has received. */
interface Session {
  readonly near: AsyncProtocol<string>;
  readonly far: AsyncProtocol<string>;
  readonly nearInbox: Inbox;
  readonly farInbox: Inbox;
}

function createSides(options: ProtocolOptions = {}): Session {
  const nearInbox = inbox();
  const farInbox = inbox();
  const near = createProtocol(nearInbox.definition, options);
  const far = createProtocol(farInbox.definition, options);
  return { near, far, nearInbox, farInbox };
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `message ${String(i)}`);

/** Defines the suite. `createTransport` is called in each test. */
export function contract(name: string, createTransport: () => Promise<Transport>): void {
  async function connectSides(): Promise<Session> {
    const session = createSides();
    await (await createTransport()).join(session.near, session.far);
    return session;
  }

  describe(`a session over ${name}`, () => {
    it('passes through the four states on both sides', async () => {
      const { near, far } = createSides();
      const recordings = [recordRunstates(near), recordRunstates(far)];
      await (await createTransport()).join(near, far);
      expect([near.runstate, far.runstate]).toEqual(['RUNNING', 'RUNNING']);
      await near.disconnect();
      await far.closed;
      for (const recording of recordings)
        expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    });

    it('carries messages both ways', async () => {
      const { near, far, nearInbox, farInbox } = await connectSides();
      await Promise.all([near.send('to far'), far.send('to near')]);
      expect(await farInbox.count(1)).toEqual(['to far']);
      expect(await nearInbox.count(1)).toEqual(['to near']);
      await near.disconnect();
      await far.closed;
    });

    it('carries a large message', async () => {
      const { near, far, farInbox } = await connectSides();
      const large = 'x'.repeat(1024 * 1024);
      void near.send(large);
      const [received] = await farInbox.count(1);
      expect(received === large).toBe(true);
      await near.disconnect();
      await far.closed;
    });

    it('carries many small messages, in order', async () => {
      const { near, far, farInbox } = await connectSides();
      const messages = numbered(10_000);
      for (const message of messages) await near.send(message);
      expect(await farInbox.count(messages.length)).toEqual(messages);
      await near.disconnect();
      await far.closed;
    });

    it('has handed everything to the kernel when flush() resolves', async () => {
      const { near, far, farInbox } = await connectSides();
      for (const message of numbered(100)) void near.send(message);
      await near.flush();
      // The kernel delivers it even if this side is destroyed now.
      expect(await farInbox.count(100)).toHaveLength(100);
      await near.disconnect({ force: true });
      await far.closed;
    });

    it('delivers what was sent before disconnect()', async () => {
      const { near, far, farInbox } = await connectSides();
      const messages = numbered(1_000);
      for (const message of messages) void near.send(message);
      await near.disconnect();
      expect(await farInbox.count(messages.length)).toEqual(messages);
      expect(near.outcome).toMatchObject({ undelivered: 0 });
      expect(near.outcome?.cause).toBeUndefined();
      await far.closed;
    });
  });

  describe(`the end of a session over ${name}`, () => {
    it('leads to IDLE when the peer ends it, and rejects the next disconnect() only', async () => {
      const { near, far } = await connectSides();
      await far.disconnect();
      const { cause } = await near.closed;
      expect(near.runstate).toBe('IDLE');
      expect(cause).toBeInstanceOf(ClosedError);
      expect(cause).toMatchObject({ expected: false });
      expect(await rejection(near.disconnect())).toBe(cause);
      await near.disconnect();
      expect(near.outcome?.cause).toBe(cause);
    });

    it('is clean after expectEnd()', async () => {
      const { near, far } = await connectSides();
      near.expectEnd();
      await far.disconnect();
      expect(await near.closed).toEqual({ suppressed: [], undelivered: 0 });
      await near.disconnect();
    });

    it('is noticed when the other side is destroyed', async () => {
      const { near, far } = await connectSides();
      await far.disconnect({ force: true });
      expect((await near.closed).cause).toBeInstanceOf(ClosedError);
    });

    it('may be followed by another session of the two', async () => {
      const { near, far, farInbox } = await connectSides();
      await near.disconnect();
      await far.closed;
      await (await createTransport()).join(near, far);
      await near.send('again');
      expect(await farInbox.count(1)).toEqual(['again']);
      await far.disconnect();
      await near.closed;
    });
  });

  describe(`a handshake over ${name}`, () => {
    it('receives messages before the session does, and leaves the rest to the session', async () => {
      const [server, client] = [inbox(), inbox()];
      const near = createProtocol({
        ...server.definition,
        codec: lines(),
        handshake: async (session) => {
          await session.send('hello');
          await session.send('the first message');
        },
      });
      let greeting = '';
      const far = createProtocol({
        ...client.definition,
        handshake: async (session) => {
          greeting = await session.receive();
        },
      });
      await (await createTransport()).join(near, far);
      expect(greeting).toBe('hello');
      expect(await client.count(1)).toEqual(['the first message']);
      await near.disconnect();
      await far.closed;
    });
  });
}
