/** What a session must do over whatever carries it: one suite, run by `contract.test.ts` for each carrier. */

import { describe, expect, it } from 'vitest';
import { type AsyncProtocol, ClosedError, lines, type ProtocolOptions } from '../../src/index.ts';
import { createProtocol } from '../support/cleanup.ts';
import { inbox, type Inbox } from '../support/peers.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { rejection } from '../support/signal.ts';

/** How two protocols come together. */
export interface Carrier {
  /** Brings both to RUNNING; `end()` and `reset()` are done to the far side by hand. */
  join(near: AsyncProtocol<string>, far: AsyncProtocol<string>): Promise<void>;
}

/** Two protocols, and what each has heard. */
interface Session {
  readonly near: AsyncProtocol<string>;
  readonly far: AsyncProtocol<string>;
  readonly nearInbox: Inbox;
  readonly farInbox: Inbox;
}

function strangers(options: ProtocolOptions = {}): Session {
  const nearInbox = inbox();
  const farInbox = inbox();
  const near = createProtocol(nearInbox.definition, options);
  const far = createProtocol(farInbox.definition, options);
  return { near, far, nearInbox, farInbox };
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `message ${String(i)}`);

/** The suite. `carry` is called in each test, for a carrier of its own. */
export function contract(name: string, carry: () => Promise<Carrier>): void {
  async function acquainted(): Promise<Session> {
    const session = strangers();
    await (await carry()).join(session.near, session.far);
    return session;
  }

  describe(`a session over ${name}`, () => {
    it('walks through the four states, on both sides', async () => {
      const { near, far } = strangers();
      const recordings = [recordRunstates(near), recordRunstates(far)];
      await (await carry()).join(near, far);
      expect([near.runstate, far.runstate]).toEqual(['RUNNING', 'RUNNING']);
      await near.disconnect();
      await far.closed;
      for (const recording of recordings)
        expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    });

    it('carries messages both ways', async () => {
      const { near, far, nearInbox, farInbox } = await acquainted();
      await Promise.all([near.send('to far'), far.send('to near')]);
      expect(await farInbox.count(1)).toEqual(['to far']);
      expect(await nearInbox.count(1)).toEqual(['to near']);
      await near.disconnect();
      await far.closed;
    });

    it('carries a large message', async () => {
      const { near, far, farInbox } = await acquainted();
      const large = 'x'.repeat(1024 * 1024);
      void near.send(large);
      const [received] = await farInbox.count(1);
      expect(received === large).toBe(true);
      await near.disconnect();
      await far.closed;
    });

    it('carries many small messages, in order', async () => {
      const { near, far, farInbox } = await acquainted();
      const messages = numbered(10_000);
      for (const message of messages) await near.send(message);
      expect(await farInbox.count(messages.length)).toEqual(messages);
      await near.disconnect();
      await far.closed;
    });

    it('has given the peer everything when flush() resolves', async () => {
      const { near, far, farInbox } = await acquainted();
      for (const message of numbered(100)) void near.send(message);
      await near.flush();
      // Even if this side is destroyed now: what is with the kernel is delivered.
      expect(await farInbox.count(100)).toHaveLength(100);
      await near.disconnect({ force: true });
      await far.closed;
    });

    it('delivers what was sent before disconnect()', async () => {
      const { near, far, farInbox } = await acquainted();
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
    it('comes home by itself when the peer ends it, and tells the next disconnect(), once', async () => {
      const { near, far } = await acquainted();
      await far.disconnect();
      const { cause } = await near.closed;
      expect(near.runstate).toBe('IDLE');
      expect(cause).toBeInstanceOf(ClosedError);
      expect(cause).toMatchObject({ expected: false });
      expect(await rejection(near.disconnect())).toBe(cause);
      await near.disconnect();
      expect(near.outcome?.cause).toBe(cause);
    });

    it('is a clean one when it was announced', async () => {
      const { near, far } = await acquainted();
      near.expectEnd();
      await far.disconnect();
      expect(await near.closed).toEqual({ suppressed: [], undelivered: 0 });
      await near.disconnect();
    });

    it('is seen by a peer whose other side is destroyed', async () => {
      const { near, far } = await acquainted();
      await far.disconnect({ force: true });
      expect((await near.closed).cause).toBeInstanceOf(ClosedError);
    });

    it('does not keep the two from meeting again', async () => {
      const { near, far, farInbox } = await acquainted();
      await near.disconnect();
      await far.closed;
      await (await carry()).join(near, far);
      await near.send('again');
      expect(await farInbox.count(1)).toEqual(['again']);
      await far.disconnect();
      await near.closed;
    });
  });

  describe(`a handshake over ${name}`, () => {
    it('has the stream for itself, and leaves to the session what it did not take', async () => {
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
      await (await carry()).join(near, far);
      expect(greeting).toBe('hello');
      expect(await client.count(1)).toEqual(['the first message']);
      await near.disconnect();
      await far.closed;
    });
  });
}
