import { describe, expect, it } from 'vitest';
import { LINK_METHODS, type LinkMethod } from './fake-link.ts';
import {
  at,
  Harness,
  STABLE_STATES,
  type StableState,
  ROUTES,
  type Step,
  turn,
} from './support.ts';

const brokenError = (): Error => new Error('brokenError');
const summaryOf = ({ state, runstates, context, outcomes }: Harness) => ({
  state,
  runstates,
  cause: context.cause?.message,
  suppressed: context.suppressed.map(({ message }) => message),
  ended: outcomes.length,
});

describe('a link method that throws has the same effect as one that rejects:', () => {
  it.each<[LinkMethod, StableState, Step]>([
    ['dial', 'IDLE', 'CONNECT'],
    ['listen', 'IDLE', 'LISTEN'],
    ['accept', 'CONNECTING.listening.bound', 'ACCEPT'],
    ['establish', 'CONNECTING.dialing', 'dial'],
    ['read', 'CONNECTING.establishing', 'establish'],
    ['write', 'CONNECTING.establishing', 'establish'],
    ['discard', 'RUNNING.open', 'DISCONNECT'],
    ['write', 'RUNNING.open', 'DISCONNECT'],
    ['flush', 'RUNNING.open', 'DISCONNECT'],
    ['close', 'DISCONNECTING.flushing.twoway', 'flush'],
    ['destroy', 'CONNECTING.dialing', 'DISCONNECT'],
  ])('%s(), called in %s after %s', async (method, before, step) => {
    const throwing = await at(before);
    throwing.link.throwing.set(method, brokenError());
    await throwing.go(step);
    await turn();
    const rejecting = await at(before);
    await rejecting.go(step);
    await rejecting.fail(method, brokenError());
    expect(summaryOf(throwing)).toEqual(summaryOf(rejecting));
    expect(throwing.actorErrors).toEqual([]);
  });
});

it('returns to IDLE when the reader and the writer throw as they start', async () => {
  const machine = await at('CONNECTING.establishing');
  machine.link.throwing.set('read', brokenError()).set('write', brokenError());
  await machine.go('establish');
  await turn();
  expect(machine.actorErrors).toEqual([]);
  await machine.go('close');
  expect(machine.state).toBe('IDLE');
  expect(machine.outcome.cause).toMatchObject({ code: 'ERR_CLOSED' });
});

it('returns to IDLE when the reader throws at its start and a listener disconnects', async () => {
  const machine = new Harness();
  machine.actor.on('runstate', ({ runstate }) => {
    if (runstate === 'RUNNING') machine.send({ type: 'DISCONNECT', force: true });
  });
  await machine.go(...ROUTES['CONNECTING.establishing']);
  machine.link.throwing.set('read', brokenError());
  await machine.go('establish');
  await turn();
  expect(machine.actorErrors).toEqual([]);
  await machine.go('destroy');
  expect(machine.state).toBe('IDLE');
});

it.each(STABLE_STATES)(
  'returns to IDLE from %s when every method of the link throws from then on',
  async (state) => {
    const machine = await at(state);
    for (const method of LINK_METHODS) machine.link.throwing.set(method, brokenError());
    machine.send({ type: 'CONNECT', address: '/run/x' });
    machine.send({ type: 'DISCONNECT' });
    await turn();
    machine.clock.increment(500);
    await turn();
    expect(machine.actorErrors).toEqual([]);
    expect(machine.state).toBe('IDLE');
    expect(machine.clock.timers).toBe(0);
  },
);
