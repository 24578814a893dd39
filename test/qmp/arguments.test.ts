/** What callers pass to the methods of a client, and what is refused at once. */

import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { ArgumentError, createProtocolMachine, lines } from '../../src/index.ts';
import { createQmpMachine, QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient, session } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

describe('the arguments of events()', () => {
  it.each<[string, unknown]>([
    ['an object', { signal: new AbortController().signal }],
    ['a number', 5],
    ['a lower-case name', 'shutdown'],
    ['an array with an empty name', ['STOP', '']],
    ['an array with undefined', [undefined]],
  ])('must not be %s', (_, filter) => {
    expect(() => createClient().events(filter as 'STOP')).toThrow(ArgumentError);
  });

  it('include an overflow of a known kind', () => {
    const overflow = 'bogus' as 'error';
    expect(() => createClient().events('STOP', { overflow })).toThrow(
      /^overflow must be 'error' or 'drop-oldest', not "bogus"/,
    );
  });
});

describe('the arguments of waitFor()', () => {
  it.each<[string, unknown]>([
    ['no name', undefined],
    ['no names', []],
    ['a lower-case name', 'shutdown'],
    ['a lower-case name among others', ['STOP', 'resume']],
  ])('must not have %s', async (_, names) => {
    const error = await rejection(createClient().waitFor(names as string));
    expect(error).toBeInstanceOf(ArgumentError);
  });

  it('include a filter that is a function, or options', async () => {
    const error = await rejection(createClient().waitFor('STOP', 5 as never));
    expect(error).toMatchObject({
      code: 'ERR_ARGUMENT',
      message: 'The filter of waitFor() must be a function, not 5',
    });
  });
});

describe('the arguments of on(), once() and off()', () => {
  it.each(['error', 'Shutdown', 'close', ''])('refuses the name %j, which no event has', (name) => {
    const client = createClient();
    for (const method of ['on', 'once', 'off'] as const) {
      expect(() => client[method](name, () => undefined)).toThrow(ArgumentError);
    }
    expect(() => client.on('error', () => undefined)).toThrow(/No QMP event is called 'error'/);
  });

  it.each([undefined, null, {}, 'f'])('refuses %j as a listener, at once', (listener) => {
    const client = createClient();
    for (const method of ['on', 'once', 'off'] as const) {
      expect(() => client[method]('STOP', listener as never)).toThrow(
        /^The listener of STOP must be a function, not /,
      );
    }
  });
});

describe('the arguments of execute() and executeMessage()', () => {
  it.each([undefined, null, 5, {}])('must not have %j for a command', async (command) => {
    const { client, monitor } = await session();
    const refusals = [
      rejection(client.execute(command as 'stop')),
      rejection(client.executeMessage(command as never)),
      rejection(client.executeMessage({ execute: command } as never)),
    ];
    for (const refusal of refusals) expect(await refusal).toBeInstanceOf(ArgumentError);
    expect(await rejection(client.execute(undefined as unknown as 'stop'))).toHaveProperty(
      'message',
      'execute() needs the name of a command, not undefined',
    );
    const alive = client.execute('x');
    monitor.reply(await monitor.take(), 1);
    expect(await alive).toBe(1);
    await client.disconnect();
  });
});

describe('the arguments of attach()', () => {
  it('include an actor of the machine of a client', () => {
    const other = createActor(createProtocolMachine({ codec: lines() })).start();
    for (const ref of [undefined, other]) {
      expect(() => QmpClient.attach(ref as never)).toThrow(
        /^QmpClient.attach\(\) needs an actor of createQmpMachine\(\), not /,
      );
    }
    other.stop();
  });

  it('have no unknown options', () => {
    const ref = createActor(createQmpMachine()).start();
    expect(() => QmpClient.attach(ref, { onListenrError: () => undefined } as never)).toThrow(
      "QmpClient.attach() has no option 'onListenrError': did you mean 'onListenerError'?",
    );
    ref.stop();
  });
});
