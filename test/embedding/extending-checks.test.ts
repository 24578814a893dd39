/** What `protocolSetup()` and `complete()` refuse. */

import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { ArgumentError, lines, protocolSetup } from '../../src/index.ts';
import { complete, config, type machine, RUNNING, setup } from './extended.ts';

describe('complete()', () => {
  const { states } = config;

  it.each([
    ['another machine', () => createMachine({}), 'spread the config of the same protocolSetup()'],
    [
      'the config of another setup',
      () =>
        protocolSetup({ codec: lines() }).setup.createMachine(
          protocolSetup({ codec: lines() }).config,
        ),
      'spread the config of the same protocolSetup()',
    ],
    [
      'a state that is left out',
      () => {
        const { open, ending } = RUNNING.states;
        const reader = { ...RUNNING.invoke[0], onDone: undefined };
        const running = { ...RUNNING, states: { open, ending }, invoke: [reader] };
        return setup.createMachine({ ...config, states: { ...states, RUNNING: running } } as never);
      },
      'RUNNING has no',
    ],
    [
      'an arrow that is left out',
      () =>
        setup.createMachine({
          ...config,
          states: { ...states, RUNNING: { ...RUNNING, on: { PAUSE: {} } } },
        }),
      'RUNNING has no arrow for DISCONNECT',
    ],
    [
      'an actor that is left out',
      () =>
        setup.createMachine({
          ...config,
          states: { ...states, RUNNING: { ...RUNNING, invoke: [] } },
        }),
      'RUNNING has no actor reader',
    ],
    [
      'a tag that is replaced',
      () =>
        setup.createMachine({
          ...config,
          states: { ...states, RUNNING: { ...RUNNING, tags: 'paused' } },
        }),
      "RUNNING has no tag 'up'",
    ],
    [
      'an action that is left out',
      () =>
        setup.createMachine({
          ...config,
          states: { ...states, RUNNING: { ...RUNNING, entry: [] } },
        }),
      'RUNNING has no entry action emitRunstate',
    ],
    [
      'a state at the top',
      () => setup.createMachine({ ...config, states: { ...states, RESTING: {} } }),
      'has a state RESTING of its own at the top',
    ],
    [
      'states within IDLE',
      () =>
        setup.createMachine({
          ...config,
          states: {
            ...states,
            IDLE: { ...states.IDLE, initial: 'dozing', states: { dozing: {} } },
          },
        }),
      'adds states to IDLE',
    ],
  ])('refuses %s', (_, make, text) => {
    const made = make() as typeof machine;
    expect(() => complete(made)).toThrow(ArgumentError);
    expect(() => complete(made)).toThrow(text);
  });

  it('leaves the machine as it is, and takes one that it has returned', () => {
    const plain = setup.createMachine(config);
    const members = Object.entries(plain);
    const once = complete(plain);
    expect(Object.entries(plain)).toEqual(members);
    const again = complete(once);
    expect(createActor(again).getPersistedSnapshot()).toEqual(
      createActor(once).getPersistedSnapshot(),
    );
  });
});

describe('protocolSetup()', () => {
  it.each([
    ['a definition', [{}], 'needs a codec'],
    ['an option', [{ codec: lines() }, { clok: 1 }], "has no option 'clok'"],
    [
      'an actor',
      [{ codec: lines() }, { actors: { user: 'me' } }],
      'The actor user of protocolSetup() must be actor logic',
    ],
  ])('checks %s', (_, args, text) => {
    // Not typed: a program in JavaScript.
    const call = () => Reflect.apply(protocolSetup, undefined, args) as unknown;
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(text);
  });
});
