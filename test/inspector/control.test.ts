/** What goes from pages to programs: events, where both allow it, and the wish to see messages. */

import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { AsyncProtocol, lines, streamPair } from '../../src/index.ts';
import { inspectTo, type Inspection, type InspectOptions } from '../../src/inspect/index.ts';
import type { Inspector } from '../../inspector/src/index.ts';
import { cleanUp, expectHomeAfterEach, track } from '../support/cleanup.ts';
import { gate } from '../support/signal.ts';
import { closing, inspector, open, taken } from './clients.ts';
import { openPage } from './page.ts';
import { type Command, openTeller, registration } from './teller.ts';

expectHomeAfterEach();

const WIRE = (on: boolean) => ({ type: 'wirechart.wire', on });

function report(to: Inspector, options: InspectOptions = {}): Inspection {
  const inspection = inspectTo(to.url, options);
  cleanUp(() => inspection.close());
  return inspection;
}

/** An actor that keeps its events, and tells when an inspector wants to see the messages of its link. */
function listener(inspection: Inspection) {
  const heard: unknown[] = [];
  const tapped = gate();
  const nothing = () => undefined;
  const observe = () => {
    tapped.open();
    return nothing;
  };
  const link = { observe, release: nothing, settle: nothing, destroyStream: nothing };
  const machine = createMachine({
    context: { link },
    on: { '*': { actions: ({ event }) => heard.push(event) } },
  });
  const actor = createActor(machine, { id: 'listener' });
  inspection.inspect.attach(actor);
  actor.start();
  cleanUp(() => actor.stop());
  return { heard, tapped: tapped.opened };
}

describe('an event that a page sends', () => {
  it('reaches the actor, where the inspector and the program allow it', async () => {
    const here = await inspector({ control: true });
    const page = await openPage(here);
    const { heard } = listener(report(here));
    const actor = await page.actor('listener');
    page.say({
      type: 'send',
      actor: actor.id,
      event: { type: 'HELLO', ...{ n: [1, { a: null }] } },
    });
    await page.until((it) => it.of('event', actor).some(({ name }) => name === 'HELLO'));
    expect(heard).toEqual([{ type: 'HELLO', n: [1, { a: null }] }]);
    expect(page.programs.get(actor.program)?.control).toBe(true);
  });

  it('is spelled as XState 5 has it, where it is one of its own', async () => {
    const here = await inspector({ control: true });
    const page = await openPage(here);
    const { heard } = listener(report(here));
    const actor = await page.actor('listener');
    page.say({ type: 'send', actor: actor.id, event: { type: 'done.invoke.reader' } });
    await page.until((it) =>
      it.of('event', actor).some(({ name }) => name === 'done.invoke.reader'),
    );
    expect(heard).toEqual([{ type: 'xstate.done.actor.reader' }]);
  });

  it.each([
    ['the inspector was started without control', false, true],
    ['the program does not allow it', true, false],
  ])('reaches nobody, where %s', async (_, control, allowed) => {
    const here = await inspector({ control });
    const page = await openPage(here);
    const { heard, tapped } = listener(report(here, { control: allowed }));
    const actor = await page.actor('listener');
    expect(page.control).toBe(control);
    expect(page.programs.get(actor.program)?.control).toBe(allowed);
    page.say({ type: 'send', actor: actor.id, event: { type: 'HELLO' } });
    page.say({ type: 'wire', on: true });
    await tapped;
    expect(heard).toEqual([]);
  });

  it('reaches the program of the actor, and no other', async () => {
    const here = await inspector({ control: true });
    const page = await openPage(here);
    const one = await openTeller(here, {}, [registration('x:0', { id: 'a' })]);
    const other = await openTeller(here, {}, [registration('x:0', { id: 'b' })]);
    const actor = await page.actor('b');
    page.say({ type: 'send', actor: actor.id, event: { type: 'HELLO' } });
    page.say({ type: 'wire', on: true });
    await Promise.all([one.wished(1), other.wished(2)]);
    expect(one.wishes).toEqual([WIRE(true)]);
    expect(other.wishes).toMatchObject([{ type: 'xstate.event', service: 'x:0' }, WIRE(true)]);
    const scxml: unknown = JSON.parse(String(other.wishes[0]?.['event']));
    expect(scxml).toMatchObject({ name: 'HELLO', data: { type: 'HELLO' }, origin: 'x:0' });
  });

  it('is lost when the program has gone', async () => {
    const here = await inspector({ control: true });
    const page = await openPage(here);
    const teller = await openTeller(here, {}, [registration('x:0')]);
    const actor = await page.actor('x:0');
    teller.socket.close();
    await page.until(({ programs }) => programs.get(actor.program)?.source === 'gone');
    page.say({ type: 'send', actor: actor.id, event: { type: 'HELLO' } });
    await page.taken();
    expect(page.of('problem')).toEqual([]);
  });
});

describe('a receiver of @xstate/inspect', () => {
  const command = (service: string): Command => ({
    type: 'xstate.event',
    event: JSON.stringify({ name: 'HI', data: { type: 'HI' }, $$type: 'scxml', type: 'external' }),
    service,
  });

  it.each([true, false])('sends events as pages do, or does not: %s', async (control) => {
    const here = await inspector({ control });
    const page = await openPage(here);
    const teller = await openTeller(here, {}, [registration('x:0')]);
    const receiver = await open(here, '/receiver');
    for (const service of ['p1/x:0', 'p9/x:0', 'x:0', '', '/']) {
      receiver.send(JSON.stringify(command(service)));
    }
    for (const bad of [
      '',
      '[]',
      '{}',
      '{"type":"xstate.event"}',
      '{"type":"xstate.event","event":"{}"}',
    ]) {
      receiver.send(bad);
    }
    receiver.send('{"type":"xstate.event","event":"{\\"data\\":{}}","service":"p1/x:0"}');
    await taken(receiver);
    page.say({ type: 'wire', on: true });
    await teller.wished(control ? 2 : 1);
    expect(teller.wishes.map(({ type }) => type)).toEqual([
      ...(control ? ['xstate.event'] : []),
      'wirechart.wire',
    ]);
  });
});

describe('the wish to see messages', () => {
  it('reaches all programs, also those that connect later', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const early = [await openTeller(here), await openTeller(here)];
    page.say({ type: 'wire', on: true });
    await Promise.all(early.map((teller) => teller.wished(1)));
    const late = await openTeller(here);
    await late.wished(1);
    for (const teller of [...early, late]) expect(teller.wishes).toEqual([WIRE(true)]);
    const other = await openPage(here);
    expect(other.wire).toBe(true);
  });

  it('is told once, however often it is said', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const teller = await openTeller(here);
    for (const on of [false, true, true, false, false, true]) page.say({ type: 'wire', on });
    await teller.wished(3);
    expect(teller.wishes).toEqual([WIRE(true), WIRE(false), WIRE(true)]);
  });

  it('ends when the last page leaves, and not before', async () => {
    const here = await inspector();
    const [one, other] = [await openPage(here), await openPage(here)];
    const teller = await openTeller(here);
    one.say({ type: 'wire', on: true });
    await teller.wished(1);
    one.socket.close();
    await closing(one.socket);
    await other.taken();
    await teller.taken();
    expect(teller.wishes).toEqual([WIRE(true)]);
    other.socket.terminate();
    await teller.wished(2);
    expect(teller.wishes).toEqual([WIRE(true), WIRE(false)]);
    expect((await openPage(here)).wire).toBe(false);
    const late = await openTeller(here);
    expect(late.wishes).toEqual([]);
  });

  it('shows the messages of a protocol', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const [ours, theirs] = streamPair();
    const { inspect } = report(here);
    const left = track(new AsyncProtocol({ codec: lines() }, { name: 'left', inspect }));
    const right = track(new AsyncProtocol({ codec: lines() }));
    await Promise.all([left.connect({ stream: ours }), right.connect({ stream: theirs })]);
    const { id } = await page.actor('left');
    expect(page.of('message')).toEqual([]);
    page.say({ type: 'wire', on: true });
    await page.until(({ wire }) => wire);
    while (page.of('message').length === 0) {
      await left.send('hello');
      await page.taken();
    }
    const [message] = page.of('message');
    expect(message).toMatchObject({
      actor: id,
      direction: 'out',
      text: 'hello',
      bytes: 5,
      skipped: 0,
    });
    await left.disconnect();
    await right.closed;
  });
});
