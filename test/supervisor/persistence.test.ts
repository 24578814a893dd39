/** What is stored of a supervisor, and how it goes on when it is restored, or stopped and started again. */

import { describe, expect, it } from 'vitest';
import type { SuperviseOptions } from '../../src/index.ts';
import { turn } from '../support/signal.ts';
import { Lives, type Place, PLACES, type Revival, REVIVALS } from './lives.ts';
import type { Client } from './support.ts';

/** How to lead a new supervisor into a state. */
interface Route {
  readonly options?: SuperviseOptions<Client>;
  readonly go: (lives: Lives) => Promise<void>;
}

const connect = (lives: Lives): Promise<void> => lives.fulfil('dial', 'establish');

const breakSession = async (lives: Lives): Promise<void> => {
  await connect(lives);
  await lives.fail('read');
};

const stop = async (lives: Lives): Promise<void> => {
  await connect(lives);
  lives.supervisor.send({ type: 'STOP' });
};

/** The states from which it goes on towards its address. */
const GOING: Readonly<Record<string, Route>> = {
  'CONNECTING.locating': { go: () => Promise.resolve() },
  'CONNECTING.connecting': { go: turn },
  'CONNECTING.synchronizing': {
    options: { onUp: () => new Promise(() => undefined) },
    go: connect,
  },
  UP: { go: connect },
  FAILING: { go: breakSession },
  WAITING: {
    go: async (lives) => {
      await breakSession(lives);
      await lives.fulfil('close');
    },
  },
};

/** The states in which it stays STOPPED. */
const STOPPED: Readonly<Record<string, Route>> = {
  STOPPING: { go: stop },
  STOPPED: {
    go: async (lives) => {
      await stop(lives);
      await lives.fulfil('flush', 'close');
    },
  },
};

const GIVEN_UP: Route = {
  options: { attempts: 1 },
  go: async (lives) => {
    await lives.fail('dial');
    await lives.fulfil('destroy');
  },
};

/** Every state with every place and every way into the next life. */
const cases = (states: readonly string[]) =>
  states.flatMap((state) =>
    Object.entries(PLACES).flatMap(([name, place]) =>
      REVIVALS.map((way): [string, string, Revival, Place] => [state, name, way, place]),
    ),
  );

async function reach(state: string, route: Route | undefined, place: Place): Promise<Lives> {
  const lives = new Lives(place, route?.options);
  await route?.go(lives);
  expect(lives.state).toBe(state);
  return lives;
}

describe('a supervisor', () => {
  it.each(cases(Object.keys(GOING)))(
    'in %s connects again as %s after %s, with new counters',
    async (state, _, way, place) => {
      const lives = await reach(state, GOING[state], place);
      lives.revive(way);
      expect(lives.state).toBe('CONNECTING.locating');
      await turn();
      expect(lives.links).toHaveLength(2);
      expect(lives.link.live.map(({ method }) => method)).toEqual(['dial']);
      expect(lives.context).toMatchObject({ attempts: 1, ups: 0, outage: undefined });
      await connect(lives);
      expect(lives.state).toBe(
        state === 'CONNECTING.synchronizing' ? 'CONNECTING.synchronizing' : 'UP',
      );
    },
  );

  it.each(cases(Object.keys(STOPPED)))(
    'in %s is STOPPED as %s after %s, and can be started',
    async (state, _, way, place) => {
      const lives = await reach(state, STOPPED[state], place);
      lives.revive(way);
      await turn();
      expect(lives.state).toBe('STOPPED');
      expect(lives.link.calls).toEqual([]);
      lives.supervisor.send({ type: 'START' });
      await connect(lives);
      expect(lives.state).toBe('UP');
    },
  );

  it.each(cases(['GIVEN_UP']))(
    'in %s stays so as %s after %s with its cause, and can be started',
    async (state, _, way, place) => {
      const lives = await reach(state, GIVEN_UP, place);
      const { cause } = lives.context;
      lives.revive(way);
      await turn();
      expect(lives.state).toBe('GIVEN_UP');
      expect(lives.link.calls).toEqual([]);
      expect(lives.context.cause).toMatchObject({
        code: 'ERR_CONNECT',
        name: 'ConnectError',
        message: cause?.message,
        retryable: true,
      });
      lives.supervisor.send({ type: 'START' });
      await connect(lives);
      expect(lives.state).toBe('UP');
    },
  );

  it.each(REVIVALS)('goes on in its third life as in the second, after %s', async (way) => {
    const lives = await reach('UP', GOING['UP'], PLACES['a child']);
    lives.revive(way);
    await connect(lives);
    lives.revive(way);
    await connect(lives);
    expect(lives.state).toBe('UP');
    expect(lives.links.map(({ released }) => released)).toEqual([1, 1, 0]);
  });

  it.each(REVIVALS)('backs off in its next life as in the first, after %s', async (way) => {
    const lives = await reach('WAITING', GOING['WAITING'], PLACES['a child']);
    expect(lives.clock.timers).toBe(1);
    lives.revive(way);
    await lives.fail('dial');
    await lives.fulfil('destroy');
    expect(lives.state).toBe('WAITING');
    expect(lives.clock.timers).toBe(1);
    lives.clock.increment(100);
    await connect(lives);
    expect(lives.state).toBe('UP');
  });

  it('asks for the address as for a first attempt, but with the cause of the last failure', async () => {
    const asked: (string | undefined)[] = [];
    const lives = new Lives(PLACES['the root actor'], {
      address: (attempt, cause) => {
        asked.push(`${String(attempt)} ${String(cause?.message)}`);
        return '/run/x';
      },
    });
    await breakSession(lives);
    lives.revive('<Activity>');
    await turn();
    expect(asked).toEqual(['1 undefined', '1 The stream failed: connect ECONNREFUSED']);
  });
});

describe('the stored snapshot of a supervisor', () => {
  const routes = { ...GOING, ...STOPPED, GIVEN_UP };

  it.each(Object.keys(routes))('is plain JSON in %s, and has no child', async (state) => {
    const lives = await reach(state, Reflect.get(routes, state) as Route, PLACES['the root actor']);
    const { stored } = lives;
    expect(JSON.parse(JSON.stringify(stored))).toStrictEqual(stored);
    expect(structuredClone(stored)).toStrictEqual(stored);
    expect(stored).toMatchObject({
      status: 'active',
      context: { address: '/run/x' },
      children: {},
    });
  });

  it('says where it goes on, the latest cause, and why the peer has shut down', async () => {
    const lives = await reach('GIVEN_UP', GIVEN_UP, PLACES['the root actor']);
    expect(lives.stored).toStrictEqual({
      status: 'active',
      value: 'GIVEN_UP',
      context: {
        beginning: 'GIVEN_UP',
        address: '/run/x',
        cause: {
          name: 'ConnectError',
          code: 'ERR_CONNECT',
          message: 'Failed to establish connection: connect ECONNREFUSED',
          retryable: true,
          cause: { name: 'Error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
        },
      },
      children: {},
      historyValue: {},
    });
  });

  it.each(REVIVALS)('keeps why the peer has shut down, and so does %s', async (way) => {
    const lives = new Lives(PLACES['the root actor']);
    await connect(lives);
    const { connection } = lives.supervisor.getSnapshot().children;
    const shutdown = { guest: true, reason: 'guest-shutdown' };
    connection?.send({ type: 'EXPECT_END', shutdown });
    await lives.fulfil('read', 'flush', 'close');
    expect(lives.state).toBe('STOPPED');
    lives.revive(way);
    expect(lives.context.shutdown).toEqual(shutdown);
  });
});
