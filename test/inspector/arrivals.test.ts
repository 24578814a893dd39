/** What is kept of all that arrives is bounded, and no failure ends more than itself. */

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ServerMessage } from '../../inspector/shared/view.ts';
import { BoundError, BOUNDS } from '../../inspector/src/bounds.ts';
import { Charts } from '../../inspector/src/charts.ts';
import { Hub } from '../../inspector/src/hub.ts';
import { Living } from '../../inspector/src/living.ts';
import { Viewer } from '../../inspector/src/viewer.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { parsedMachine } from './charts.ts';
import { openWebSocket, startTestInspector } from './clients.ts';
import { openFakePage } from './fake-page.ts';
import { introduction, openProgram, registration, state } from './fake-program.ts';
import { nested, recordingWith } from './hostile.ts';

expectIdleAfterEach();

function testHub(): Hub {
  const hub = new Hub(false);
  cleanUp(() => hub.close());
  return hub;
}

/** Counts the turns of the event loop while something is done. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let next = setImmediate(count);
  function count(): void {
    turns += 1;
    next = setImmediate(count);
  }
  await work();
  clearImmediate(next);
  return turns;
}

describe('a recording', () => {
  const TURN_CHARACTERS = 256 * 1024;

  it.each([
    ['of one chunk', recordingWith(`${JSON.stringify(state('x:0', 'open'))}\n`.repeat(5_000))],
    ['of empty lines', recordingWith('\n'.repeat(3_000_000))],
    ['of lines that are not JSON', recordingWith(`${'x'.repeat(200)}\n`.repeat(10_000))],
  ])('%s leaves turns to others', async (_, text) => {
    const inspector = await startTestInspector();
    const turns = await turnsDuring(() => inspector.open('x', [text]));
    expect(turns).toBeGreaterThanOrEqual(Math.floor(text.length / TURN_CHARACTERS) - 1);
    expect(turns).toBeGreaterThan(2);
  });

  it('of more than a gibibyte is refused, and its beginning is shown', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const chunk = `${'x'.repeat(31 * 1024 * 1024)}\n`;
    function* chunks() {
      yield recordingWith();
      for (let count = 0; count < 40; count += 1) yield chunk;
    }
    await expect(inspector.open('x', chunks())).rejects.toThrow(
      'The recording has more than 1073741824 characters',
    );
    await page.actor('door');
  });

  it('is dropped for a program when recordings hold half of what may be kept', () => {
    const hub = testHub();
    const recording = hub.newProgram('recording');
    hub.total.actors += BOUNDS.actors.all / 2 + 1;
    const program = hub.newProgram('live');
    expect([...hub.programs.values()]).toEqual([program]);
    expect(recording.id).not.toBe(program.id);
  });
});

describe('programs', () => {
  it('are refused beyond a thousand that are connected', () => {
    const hub = testHub();
    for (let count = 0; count < 1_000; count += 1) hub.newProgram('live');
    expect(() => hub.newProgram('live')).toThrow(
      new BoundError('more than 1000 programs are connected'),
    );
  });
});

describe('the living actors of a program', () => {
  const MEBI = 1024 * 1024;

  it('are refused where their states are too large together', () => {
    const total = { actors: 0, stateBytes: 0 };
    const living = new Living(total);
    living.set('one', {}, 100 * MEBI);
    expect(() => {
      living.set('other', {}, 29 * MEBI);
    }).toThrow("the memory of the program's actors has more than 134217728 bytes");
    expect(living.has('other')).toBe(false);
    // The history may still hold the larger state.
    living.set('one', { later: true }, 1);
    expect(total).toEqual({ actors: 1, stateBytes: 100 * MEBI });
    expect([living.delete('one'), living.delete('one')]).toEqual([true, false]);
    expect(total).toEqual({ actors: 0, stateBytes: 0 });
    living.set('other', {}, 29 * MEBI);
    expect(living.get('other')).toEqual({});
  });

  it('are refused where those of all programs are too many or too large', () => {
    const total = { actors: 0, stateBytes: 0 };
    const programs = Array.from({ length: 5 }, () => new Living(total));
    for (const living of programs.slice(0, 4)) living.set('one', {}, 128 * MEBI);
    expect(() => programs[4]?.set('one', {}, 1)).toThrow('the memory of all actors');
    total.actors = 50_000;
    expect(() => programs[4]?.expectRoom()).toThrow(
      'the inspector has more than 50000 living actors',
    );
  });
});

describe('the charts', () => {
  const definition = (id: string) =>
    JSON.stringify({ id, description: 'x'.repeat(4_000_000), states: {} });

  it('are not kept where all of them are too large together', () => {
    const charts = new Charts(() => new Set(ids));
    const machine = parsedMachine('{"id":"m","predictableActionArguments":true}');
    const ids: string[] = [];
    const added = Array.from({ length: 80 }, (_, at) => {
      const checked = charts.check(definition(`m${String(at)}`));
      ids.push(checked.chart);
      return charts.add(checked, machine);
    });
    const kept = added.filter(({ why }) => why === undefined);
    expect(kept.length).toBe(Math.floor((256 * 1024 * 1024) / 4_000_000));
    expect(added.at(-1)).toEqual({
      text: '{"id":"m","predictableActionArguments":true}',
      why: 'the memory of all charts has more than 268435456 bytes',
    });
    // When no actor needs them any more, others are kept.
    ids.length = 0;
    expect(charts.add(charts.check(definition('another')), machine).why).toBeUndefined();
    expect(charts.definitions.size).toBe(1);
  });
});

describe('a failure while a page is sent something', () => {
  const hello: ServerMessage = { type: 'hello', control: false, wire: false };

  function fakeTimers(): void {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
  }

  it('of the socket ends only that frame', () => {
    fakeTimers();
    const failures: unknown[] = [];
    const sent: string[] = [];
    let isBroken = true;
    const send = (text: string) => {
      if (isBroken) throw new Error('broken');
      sent.push(text);
    };
    const viewer = new Viewer(
      { bufferedAmount: 0, send },
      () => [hello],
      (error) => failures.push(error),
    );
    vi.advanceTimersByTime(100);
    expect(failures).toEqual([new Error('broken')]);
    isBroken = false;
    viewer.push({ type: 'wire', on: true });
    vi.advanceTimersByTime(2_000);
    expect(sent).toEqual([JSON.stringify([{ type: 'wire', on: true }])]);
    viewer.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of the full state is repeated later', () => {
    fakeTimers();
    const failures: unknown[] = [];
    const sent: string[] = [];
    const states = [new RangeError('too deep'), [hello]];
    const fullState = () => {
      const next = states.shift() ?? [];
      if (next instanceof Error) throw next;
      return next;
    };
    const socket = { bufferedAmount: 0, send: (text: string) => void sent.push(text) };
    const viewer = new Viewer(socket, fullState, (error) => failures.push(error));
    vi.advanceTimersByTime(100);
    expect([failures.length, sent]).toEqual([1, []]);
    vi.advanceTimersByTime(2_000);
    expect(sent).toEqual([JSON.stringify([hello])]);
    viewer.close();
  });

  it('of one entry leaves its number', () => {
    fakeTimers();
    const failures: unknown[] = [];
    const sent: string[] = [];
    const facts = { type: 'entry', at: 1, actor: 'p1/x:0', size: 1 } as const;
    const data = {
      toJSON: () => {
        throw new RangeError('too deep');
      },
    } as unknown as string;
    const all: ServerMessage[] = [
      hello,
      { ...facts, seq: 1, kind: 'event', name: 'E', data },
      { ...facts, seq: 2, kind: 'start' },
    ];
    const socket = { bufferedAmount: 0, send: (text: string) => void sent.push(text) };
    const viewer = new Viewer(
      socket,
      () => all,
      (error) => failures.push(error),
    );
    vi.advanceTimersByTime(100);
    expect(failures).toEqual([expect.any(RangeError)]);
    expect(JSON.parse(sent.join())).toMatchObject([
      hello,
      { seq: 1, kind: 'problem', text: 'This entry cannot be shown' },
      { seq: 2, kind: 'start' },
    ]);
    viewer.close();
  });

  it('is reported once to all pages', async () => {
    const hub = testHub();
    const texts: string[] = [];
    hub.addViewer({ bufferedAmount: 0, send: (text) => void texts.push(text) });
    for (let times = 0; times < 30; times += 1) {
      hub.reportFailure('A page missed something', new Error('broken'));
      hub.reportFailure('A page missed something', new Error(`broken ${String(times)}`));
    }
    const recording = [...hub.recording()].join('');
    expect(recording.match(/A page missed something: broken"/g)).toHaveLength(1);
    expect(recording.match(/A page missed something/g)).toHaveLength(20);
    await Promise.resolve();
  });
});

describe('a request', () => {
  const SENT = { type: 'send', actor: 'p1/x:0' };

  it.each([
    ['is nested too deeply', `{"type":"send","actor":"p1/x:0","event":${nested(8_000)}}`, 'nested'],
    ['is too long', JSON.stringify({ ...SENT, event: { type: 'x'.repeat(2e6) } }), 'characters'],
  ])('of a page that %s is reported as a problem', async (_, request, problem) => {
    const inspector = await startTestInspector({ control: true });
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    page.socket.send(request);
    await page.until((it) => it.of('problem').length > 0);
    expect(page.of('problem')).toMatchObject([
      { actor: 'inspector', text: expect.stringContaining(problem) as string },
    ]);
    expect(program.requests).toEqual([]);
  });

  it('of a receiver that is nested too deeply is reported as a problem', async () => {
    const inspector = await startTestInspector({ control: true });
    const page = await openFakePage(inspector);
    const receiver = await openWebSocket(inspector, '/receiver');
    receiver.send(JSON.stringify({ type: 'xstate.event', event: nested(8_000) }));
    await page.until((it) => it.of('problem').length > 0);
    expect(page.of('problem')[0]?.text).toMatch(/^A command was ignored: it is nested/);
  });

  it('of a program that introduces itself in a text that is nested too deeply is a problem', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const socket = await openWebSocket(inspector, '/program');
    const text = JSON.stringify(introduction({ more: 0 })).replace(
      '"more":0',
      `"more":${nested(8_000)}`,
    );
    socket.send(text);
    await page.until((it) => it.of('problem').length > 0);
    expect(page.of('problem')[0]?.text).toMatch(/it is nested more than 256 levels deep$/);
  });
});
