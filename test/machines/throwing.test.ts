import { describe, expect, it } from 'vitest';
import { LINK_METHODS, type LinkMethod } from './fake-link.ts';
import { at, Harness, RESTING, type Resting, ROUTES, type Step, turn } from './support.ts';

const broken = (): Error => new Error('broken');
const sightOf = ({ state, runstates, context, outcomes }: Harness) => ({
  state,
  runstates,
  cause: context.cause?.message,
  suppressed: context.suppressed.map(({ message }) => message),
  ended: outcomes.length,
});

describe('a link method that throws instead of rejecting leads where a rejection leads:', () => {
  it.each<[LinkMethod, Resting, Step]>([
    ['dial', 'IDLE', 'CONNECT'],
    ['listen', 'IDLE', 'LISTEN'],
    ['accept', 'CONNECTING.listening.bound', 'ACCEPT'],
    ['establish', 'CONNECTING.dialing', 'dial'],
    ['read', 'CONNECTING.establishing', 'establish'],
    ['write', 'CONNECTING.establishing', 'establish'],
    ['read', 'RUNNING.open', 'DISCONNECT'],
    ['write', 'RUNNING.open', 'DISCONNECT'],
    ['flush', 'RUNNING.open', 'DISCONNECT'],
    ['close', 'DISCONNECTING.flushing.twoway', 'flush'],
    ['destroy', 'CONNECTING.dialing', 'DISCONNECT'],
  ])('%s, called in %s after %s', async (method, before, step) => {
    const throwing = await at(before);
    throwing.link.throwing.set(method, broken());
    await throwing.go(step);
    await turn();
    const rejecting = await at(before);
    await rejecting.go(step);
    await rejecting.fail(method, broken());
    expect(sightOf(throwing)).toEqual(sightOf(rejecting));
    expect(throwing.deaths).toEqual([]);
  });
});

it('comes home when both loops throw as they start', async () => {
  const machine = await at('CONNECTING.establishing');
  machine.link.throwing.set('read', broken()).set('write', broken());
  await machine.go('establish');
  await turn();
  expect(machine.deaths).toEqual([]);
  await machine.go('close');
  expect(machine.state).toBe('IDLE');
  expect(machine.outcome.cause).toMatchObject({ code: 'ERR_CLOSED' });
});

it('comes home when a loop throws as it starts, and who hears of RUNNING leaves by force', async () => {
  const machine = new Harness();
  machine.actor.on('runstate', ({ runstate }) => {
    if (runstate === 'RUNNING') machine.send({ type: 'DISCONNECT', force: true });
  });
  await machine.go(...ROUTES['CONNECTING.establishing']);
  machine.link.throwing.set('read', broken());
  await machine.go('establish');
  await turn();
  expect(machine.deaths).toEqual([]);
  await machine.go('destroy');
  expect(machine.state).toBe('IDLE');
});

it.each(RESTING)(
  'comes home from %s when every method of the link throws from then on',
  async (state) => {
    const machine = await at(state);
    for (const method of LINK_METHODS) machine.link.throwing.set(method, broken());
    machine.send({ type: 'CONNECT', address: '/run/x' });
    machine.send({ type: 'DISCONNECT' });
    await turn();
    machine.clock.increment(500);
    await turn();
    expect(machine.deaths).toEqual([]);
    expect(machine.state).toBe('IDLE');
    expect(machine.clock.timers).toBe(0);
  },
);
