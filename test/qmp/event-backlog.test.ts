/** The option `eventBacklog`, and the clients that keep no events. */

import { describe, expect, it } from 'vitest';
import { ArgumentError, supervise } from '../../src/index.ts';
import { createQmpMachine, QmpClient, type QmpMachineOptions } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createServer, scripted } from '../support/qmp.ts';
import { turn } from '../support/signal.ts';

expectIdleAfterEach();

describe('the option eventBacklog of createQmpMachine()', () => {
  it.each([
    [{ limit: -1 }, 'eventBacklog.limit must be a number from 0 on, not -1'],
    [{ maxBytes: NaN }, 'eventBacklog.maxBytes must be a number from 0 on, not NaN'],
    [{ limit: '9' }, 'eventBacklog.limit must be a number from 0 on, not "9"'],
    [{ size: 9 }, "eventBacklog has no option 'size'"],
    [9, 'The options of eventBacklog must be an object, not 9'],
  ])('refuses %j', (eventBacklog, text) => {
    const options = { eventBacklog } as unknown as QmpMachineOptions;
    expect(() => createQmpMachine(options)).toThrow(ArgumentError);
    expect(() => createQmpMachine(options)).toThrow(text);
  });

  it('takes bounds, none, and no backlog at all', () => {
    for (const eventBacklog of [{ limit: 0 }, { limit: Infinity, maxBytes: 9 }, {}, undefined]) {
      expect(createQmpMachine({ eventBacklog })).toHaveProperty('config');
    }
  });
});

describe('a client that no actor in a statechart can follow keeps no events', () => {
  const emitAll = async (client: QmpClient, emit: (name: string) => void): Promise<void> => {
    for (let at = 0; at < 1001; at += 1) emit('STOP');
    while (client.stats.events < 1001) await turn();
    expect(client.stats.eventsDropped).toBe(0);
  };

  it('because it was made with `new`', async () => {
    const { client, server } = await scripted();
    await emitAll(client, (name) => {
      server.emit(name);
    });
    await client.disconnect();
  });

  it('because it was made by supervise()', async () => {
    const server = createServer();
    const supervisor = supervise(QmpClient, await server.listen(), { eventBacklog: { limit: 1 } });
    await emitAll(await supervisor.up(), (name) => {
      server.emit(name);
    });
    await supervisor.stop();
  });
});
