/** What a page asks for: to send an event, with an answer, and to forget a program; and which runs follow. */

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createActor, createMachine } from 'xstate';
import type { Inspector } from '../../inspector/src/index.ts';
import { Sends } from '../../inspector/src/sends.ts';
import { inspectTo } from '../../src/inspect/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { httpRequest, startTestInspector, withToken } from './clients.ts';
import { type FakePage, openFakePage } from './fake-page.ts';
import { event, introduction, openProgram, registration, state, stop } from './fake-program.ts';

expectIdleAfterEach();

/** Sends an event. Resolves with the answer: '' when the program has taken the event. */
async function answerTo(page: FakePage, id: number, actor: string, type: string): Promise<unknown> {
  page.send({ type: 'send', id, actor, event: { type } });
  await page.until(({ sent }) => sent.has(id));
  return page.sent.get(id);
}

/** A door in this process that reports to the inspector. */
function startDoor(to: Inspector, options: { control: boolean }) {
  const inspection = inspectTo(to.url, { name: 'door', ...options });
  const states = { closed: { on: { OPEN: 'open' } }, open: {} };
  const door = createActor(createMachine({ id: 'door', initial: 'closed', states }), {
    id: 'door',
  });
  inspection.inspect.attach(door);
  door.start();
  cleanUp(async () => {
    door.stop();
    await inspection.close();
  });
  return door;
}

describe('the answer to an event that a page sends', () => {
  it('says that the program has taken it', async () => {
    const inspector = await startTestInspector({ control: true });
    const [page, other] = [await openFakePage(inspector), await openFakePage(inspector)];
    const door = startDoor(inspector, { control: true });
    const { id } = await page.actor('door');
    expect(await answerTo(page, 7, id, 'OPEN')).toBe('');
    expect(door.getSnapshot().value).toBe('open');
    await other.handled();
    expect([...other.sent]).toEqual([]);
  });

  it('is the refusal of the program, which all pages see as a problem, too', async () => {
    const inspector = await startTestInspector({ control: true });
    const [page, other] = [await openFakePage(inspector), await openFakePage(inspector)];
    startDoor(inspector, { control: true });
    const { id } = await page.actor('door');
    const refusal = "The program refused the event 'xstate.init': only XState itself may send it";
    expect(await answerTo(page, 1, id, 'xstate.init')).toBe(refusal);
    expect(await answerTo(page, 2, id, 'OPEN')).toBe('');
    await other.until((it) => it.of('problem').length > 0);
    expect(other.of('problem').map(({ text }) => text)).toEqual([refusal]);
  });

  it('is the refusal of a program that does not allow control', async () => {
    const inspector = await startTestInspector({ control: true });
    const page = await openFakePage(inspector);
    startDoor(inspector, { control: false });
    const { id } = await page.actor('door');
    expect(await answerTo(page, 1, id, 'OPEN')).toMatch(
      /^The program refused an event: .*`control: true`/,
    );
  });

  it('is a refusal when the inspector was started without control', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    expect(await answerTo(page, 1, 'p1/x:0', 'OPEN')).toBe(
      'The inspector sends no events: start it with --control',
    );
    expect(program.requests).toEqual([]);
  });

  it('says that the actor, the program or the recording takes none', async () => {
    const inspector = await startTestInspector({ control: true });
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, {}, [registration('x:0'), registration('x:1')]);
    program.send(stop('x:1'));
    await page.until((it) => it.of('stop').length > 0);
    expect(await answerTo(page, 1, 'p1/x:1', 'OPEN')).toBe('The actor has ended');
    expect(await answerTo(page, 2, 'p9/x:0', 'OPEN')).toBe('The program was forgotten');
    program.socket.terminate();
    await page.until(({ programs }) => programs.get('p1')?.source === 'disconnected');
    expect(await answerTo(page, 3, 'p1/x:0', 'OPEN')).toBe('The program is not connected any more');
    await inspector.open(
      'r',
      [introduction(), registration('x:0')].map((one) => `${JSON.stringify(one)}\n`),
    );
    expect(await answerTo(page, 4, 'p2/x:0', 'OPEN')).toBe('A recording takes no events');
  });

  it('says that the program disconnected before it took the event', async () => {
    const inspector = await startTestInspector({ control: true });
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    program.socket.pause();
    page.send({ type: 'send', id: 1, actor: 'p1/x:0', event: { type: 'OPEN' } });
    await page.handled();
    program.socket.terminate();
    await page.until(({ sent }) => sent.has(1));
    expect(page.sent.get(1)).toBe('The program disconnected before it confirmed the event');
  });

  it('is not sent for a request without a number', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    for (const id of ['', ',"id":"1"', ',"id":1.5', ',"id":1e999', ',"id":null'])
      page.socket.send(`{"type":"send","actor":"p1/x:0","event":{"type":"E"}${id}}`);
    expect(await answerTo(page, 3, 'p1/x:0', 'E')).toMatch('--control');
    expect([...page.sent.keys()]).toEqual([3]);
  });
});

describe('the events that a program has not confirmed', () => {
  /** Adds an event, whose answer is noted. */
  function sendsWithLog() {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const sends = new Sends();
    const log: string[] = [];
    const add = (name: string) => sends.add((problem = 'taken') => log.push(`${name}: ${problem}`));
    return { sends, log, add };
  }

  it('are confirmed by the answer to a later ping', () => {
    const { sends, log, add } = sendsWithLog();
    const pings = ['a', 'b', 'c'].map(add);
    expect(new Set(pings).size).toBe(3);
    sends.confirm(pings[1] ?? '');
    sends.confirm(pings[0] ?? '');
    sends.confirm('another');
    expect(log).toEqual(['a: taken', 'b: taken']);
    sends.confirm(pings[2] ?? '');
    expect([log.at(-1), vi.getTimerCount()]).toEqual(['c: taken', 0]);
  });

  it('are refused in order, and by no other problem', () => {
    const { sends, log, add } = sendsWithLog();
    const pings = ['a', 'b'].map(add);
    sends.onProblem('It was slow');
    sends.onProblem('The program refused an event: no');
    sends.confirm(pings[1] ?? '');
    sends.onProblem('The program refused an event: late');
    expect(log).toEqual(['a: The program refused an event: no', 'b: taken']);
  });

  it('are answered after five seconds, and at the end of the connection', () => {
    const { sends, log, add } = sendsWithLog();
    add('a');
    vi.advanceTimersByTime(4_999);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(1);
    add('b');
    sends.end();
    expect(log).toEqual([
      'a: The program has not answered yet: it may be busy or paused',
      'b: The program disconnected before it confirmed the event',
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are not more than a thousand', () => {
    const { sends, log, add } = sendsWithLog();
    for (let count = 0; count < 1_000; count += 1) expect(add('early')).toBeDefined();
    expect(add('late')).toBeUndefined();
    expect(log).toEqual(['late: The event was sent, but the program answers slowly']);
    sends.end();
  });
});

describe('a program that a page forgets', () => {
  it('is gone for all pages and from recordings, with its actors and entries', async () => {
    const inspector = await startTestInspector();
    const [page, other] = [await openFakePage(inspector), await openFakePage(inspector)];
    const gone = await openProgram(inspector, { name: 'gone' }, [registration('x:0')]);
    const kept = await openProgram(inspector, { name: 'kept' }, [registration('x:0')]);
    gone.send(event('x:0', 'SECRET'));
    kept.send(event('x:0', 'KEPT'));
    await page.until((it) => it.of('event').length === 2);
    gone.socket.terminate();
    await page.until(({ programs }) => programs.get('p1')?.source === 'disconnected');
    page.send({ type: 'forget', program: 'p1' });
    await other.until(({ forgotten }) => forgotten.length > 0);
    expect(other.forgotten).toEqual(['p1']);
    const late = await openFakePage(inspector);
    expect([...late.programs.keys()]).toEqual(['p2']);
    await late.until((it) => it.of('event').length === 1);
    expect([...late.actors.keys()]).toEqual(['p2/x:0']);
    expect((await httpRequest(inspector, withToken('/recording'))).body).not.toContain('SECRET');
  });

  it('stays when it is connected or unknown', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    for (const id of ['p1', 'p2', '', '__proto__']) page.send({ type: 'forget', program: id });
    page.socket.send('{"type":"forget","program":{}}');
    await page.handled();
    program.send(event('x:0', 'E'));
    await page.until((it) => it.of('event').length > 0);
    expect([[...page.programs.keys()], page.forgotten]).toEqual([['p1'], []]);
  });

  it('is a new program when it reconnects', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const facts = { name: 'n', instance: 'i' };
    const program = await openProgram(inspector, facts, [registration('x:0')]);
    program.socket.terminate();
    await page.until(({ programs }) => programs.get('p1')?.source === 'disconnected');
    page.send({ type: 'forget', program: 'p1' });
    await page.until(({ forgotten }) => forgotten.length > 0);
    await openProgram(inspector, facts, [registration('x:0')]);
    await page.until(({ programs }) => programs.get('p2')?.name === 'n');
    expect(page.programs.get('p2')).not.toHaveProperty('restartOf');
  });

  it('can be a recording, also while it is read', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const lines = [introduction(), registration('x:0')].map((one) => `${JSON.stringify(one)}\n`);
    const more = `${JSON.stringify(state('x:0', 'open'))}\n`.repeat(500);
    function* endless() {
      yield lines.join('');
      for (;;) yield more;
    }
    const opening = inspector.open('endless', endless());
    opening.catch(() => undefined);
    await page.until((it) => it.of('state').length > 0);
    page.send({ type: 'forget', program: 'p1' });
    await expect(opening).rejects.toThrow('The recording was forgotten while it was read');
    expect((await openFakePage(inspector)).entries).toEqual([]);
  });
});

describe('another run of a program', () => {
  /** Opens a program of this name, and closes it again. */
  async function ended(to: Inspector, page: FakePage, name: string): Promise<string> {
    const known = page.programs.size;
    const program = await openProgram(to, { name });
    await page.until(({ programs }) => programs.size > known);
    const id = [...page.programs.keys()].at(-1) ?? '';
    program.socket.terminate();
    await page.until(({ programs }) => programs.get(id)?.source === 'disconnected');
    return id;
  }

  it('says which one it follows: the latest of its name that has ended', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    for (const name of ['app', 'other', 'app']) await ended(inspector, page, name);
    await openProgram(inspector, { name: 'app' });
    await page.until(({ programs }) => programs.get('p4')?.name === 'app');
    expect(page.programs.get('p4')).toMatchObject({ restartOf: 'p3' });
    expect((await openFakePage(inspector)).programs.get('p4')).toMatchObject({ restartOf: 'p3' });
  });

  it('follows each one only once, so that several of one name find theirs', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const workers = [
      await openProgram(inspector, { name: 'worker' }),
      await openProgram(inspector, { name: 'worker' }),
    ];
    for (const { socket } of workers) socket.terminate();
    const isOver = (id: string) => page.programs.get(id)?.source === 'disconnected';
    await page.until(() => isOver('p1') && isOver('p2'));
    for (let count = 0; count < 3; count += 1) await openProgram(inspector, { name: 'worker' });
    await page.until(({ programs }) => programs.get('p5')?.name === 'worker');
    const followed = ['p3', 'p4', 'p5'].map((id) => page.programs.get(id)?.restartOf);
    expect(followed).toEqual(['p2', 'p1', undefined]);
  });

  it('follows none that is connected, that is a recording, or that has another name', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    await openProgram(inspector, { name: 'app' });
    await inspector.open('app', [`${JSON.stringify(introduction())}\n`]);
    await ended(inspector, page, 'App');
    await openProgram(inspector, { name: 'app' });
    await inspector.open('App', [`${JSON.stringify(introduction())}\n`]);
    await page.until(({ programs }) => programs.get('p5')?.name === 'App');
    for (const view of page.programs.values()) expect(view).not.toHaveProperty('restartOf');
  });
});
