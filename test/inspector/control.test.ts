/** What pages send to programs: events, where both allow it, and the request for protocol messages. */

import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { AsyncProtocol, lines, streamPair } from '../../src/index.ts';
import { inspectTo, type Inspection, type InspectOptions } from '../../src/inspect/index.ts';
import type { Inspector } from '../../inspector/src/index.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { gate } from '../support/signal.ts';
import { closeCode, startTestInspector, openWebSocket, handled } from './clients.ts';
import { openFakePage } from './fake-page.ts';
import { type AnyMessage, openProgram, registration } from './fake-program.ts';

expectIdleAfterEach();

const wireCommand = (on: boolean) => ({ type: 'wirechart.wire', on });

function report(to: Inspector, options: InspectOptions = {}): Inspection {
  const inspection = inspectTo(to.url, options);
  cleanUp(() => inspection.close());
  return inspection;
}

/** An actor that records its events, and a signal for when the messages of its link are requested. */
function recordingActor(inspection: Inspection) {
  const events: unknown[] = [];
  const tapped = gate();
  const noop = () => undefined;
  const observe = () => {
    tapped.open();
    return noop;
  };
  const link = { observe, release: noop, settle: noop, destroyStream: noop };
  const machine = createMachine({
    context: { link },
    on: { '*': { actions: ({ event }) => events.push(event) } },
  });
  const actor = createActor(machine, { id: 'actor' });
  inspection.inspect.attach(actor);
  actor.start();
  cleanUp(() => actor.stop());
  return { events, tapped: tapped.opened };
}

describe('an event that a page sends', () => {
  it('reaches the actor when the inspector and the program allow it', async () => {
    const inspector = await startTestInspector({ control: true });
    const page = await openFakePage(inspector);
    const { events } = recordingActor(report(inspector, { control: true }));
    const actor = await page.actor('actor');
    page.send({
      type: 'send',
      actor: actor.id,
      event: { type: 'HELLO', ...{ n: [1, { a: null }] } },
    });
    await page.until((it) => it.of('event', actor).some(({ name }) => name === 'HELLO'));
    expect(events).toEqual([{ type: 'HELLO', n: [1, { a: null }] }]);
    expect(page.programs.get(actor.program)?.control).toBe(true);
  });

  it.each([
    'done.invoke.reader',
    'error.platform.reader',
    'xstate.error.actor.reader',
    'xstate.after(10)#actor',
    'xstate.init',
    'xstate.stop',
    '*',
  ])("is refused when it is one of XState's own, and the page says so: %s", async (type) => {
    const inspector = await startTestInspector({ control: true });
    const page = await openFakePage(inspector);
    const { events } = recordingActor(report(inspector, { control: true }));
    const actor = await page.actor('actor');
    page.send({ type: 'send', actor: actor.id, event: { type } });
    await page.until((it) => it.of('problem').length > 0);
    expect(page.of('problem')[0]).toMatchObject({
      actor: actor.program,
      text: expect.stringMatching(
        /^The program refused the event '.*': only XState itself may send it$/,
      ) as unknown,
    });
    expect(events).toEqual([]);
  });

  it.each([
    ['the inspector was started without control', false, true],
    ['the program does not allow it', true, false],
  ])('does not reach the actor when %s', async (_, control, allowed) => {
    const inspector = await startTestInspector({ control });
    const page = await openFakePage(inspector);
    const { events, tapped } = recordingActor(report(inspector, { control: allowed }));
    const actor = await page.actor('actor');
    expect(page.control).toBe(control);
    expect(page.programs.get(actor.program)?.control).toBe(allowed);
    page.send({ type: 'send', actor: actor.id, event: { type: 'HELLO' } });
    page.send({ type: 'wire', on: true });
    await tapped;
    if (control) await page.until((it) => it.of('problem').length > 0);
    expect(page.of('problem').map(({ text }) => text)).toEqual(
      control
        ? [
            'The program refused an event: it takes none from an inspector without `control: true` of inspectTo()',
          ]
        : [],
    );
    expect(events).toEqual([]);
  });

  it('reaches only the program of the actor', async () => {
    const inspector = await startTestInspector({ control: true });
    const page = await openFakePage(inspector);
    const one = await openProgram(inspector, {}, [registration('x:0', { id: 'a' })]);
    const other = await openProgram(inspector, {}, [registration('x:0', { id: 'b' })]);
    const actor = await page.actor('b');
    page.send({ type: 'send', actor: actor.id, event: { type: 'HELLO' } });
    page.send({ type: 'wire', on: true });
    await Promise.all([one.untilRequests(1), other.untilRequests(2)]);
    expect(one.requests).toEqual([wireCommand(true)]);
    expect(other.requests).toMatchObject([
      { type: 'xstate.event', service: 'x:0' },
      wireCommand(true),
    ]);
    const scxml: unknown = JSON.parse(String(other.requests[0]?.['event']));
    expect(scxml).toMatchObject({ name: 'HELLO', data: { type: 'HELLO' }, origin: 'x:0' });
  });

  it('is dropped when the program is disconnected', async () => {
    const inspector = await startTestInspector({ control: true });
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    const actor = await page.actor('x:0');
    program.socket.close();
    await page.until(({ programs }) => programs.get(actor.program)?.source === 'disconnected');
    page.send({ type: 'send', actor: actor.id, event: { type: 'HELLO' } });
    await page.handled();
    expect(page.of('problem')).toEqual([]);
  });
});

describe('a receiver of @xstate/inspect', () => {
  const command = (service: string): AnyMessage => ({
    type: 'xstate.event',
    event: JSON.stringify({ name: 'HI', data: { type: 'HI' }, $$type: 'scxml', type: 'external' }),
    service,
  });

  it.each([true, false])('sends events only with control: %s', async (control) => {
    const inspector = await startTestInspector({ control });
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    const receiver = await openWebSocket(inspector, '/receiver');
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
    await handled(receiver);
    page.send({ type: 'wire', on: true });
    await program.untilRequests(control ? 2 : 1);
    expect(program.requests.map(({ type }) => type)).toEqual([
      ...(control ? ['xstate.event'] : []),
      'wirechart.wire',
    ]);
  });
});

describe('the request for protocol messages', () => {
  it('reaches all programs, including later ones', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const early = [await openProgram(inspector), await openProgram(inspector)];
    page.send({ type: 'wire', on: true });
    await Promise.all(early.map((program) => program.untilRequests(1)));
    const late = await openProgram(inspector);
    await late.untilRequests(1);
    for (const program of [...early, late]) expect(program.requests).toEqual([wireCommand(true)]);
    const other = await openFakePage(inspector);
    expect(other.wire).toBe(true);
  });

  it('is sent to programs only when it changes', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector);
    for (const on of [false, true, true, false, false, true]) page.send({ type: 'wire', on });
    await program.untilRequests(3);
    expect(program.requests).toEqual([wireCommand(true), wireCommand(false), wireCommand(true)]);
  });

  it('is withdrawn when the last page disconnects', async () => {
    const inspector = await startTestInspector();
    const [one, other] = [await openFakePage(inspector), await openFakePage(inspector)];
    const program = await openProgram(inspector);
    one.send({ type: 'wire', on: true });
    await program.untilRequests(1);
    one.socket.close();
    await closeCode(one.socket);
    await other.handled();
    await program.handled();
    expect(program.requests).toEqual([wireCommand(true)]);
    other.socket.terminate();
    await program.untilRequests(2);
    expect(program.requests).toEqual([wireCommand(true), wireCommand(false)]);
    expect((await openFakePage(inspector)).wire).toBe(false);
    const late = await openProgram(inspector);
    expect(late.requests).toEqual([]);
  });

  it('makes the messages of a protocol visible', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const [ours, theirs] = streamPair();
    const { inspect } = report(inspector);
    const left = track(new AsyncProtocol({ codec: lines() }, { name: 'left', inspect }));
    const right = track(new AsyncProtocol({ codec: lines() }));
    await Promise.all([left.connect({ stream: ours }), right.connect({ stream: theirs })]);
    const { id } = await page.actor('left');
    expect(page.of('message')).toEqual([]);
    page.send({ type: 'wire', on: true });
    await page.until(({ wire }) => wire);
    while (page.of('message').length === 0) {
      await left.send('hello');
      await page.handled();
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
