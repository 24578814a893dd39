/** What a protocol says of its messages holds wherever a chart shows them. */

import { describe, expect, it } from 'vitest';
import { assign, createActor, createMachine, sendTo, setup } from 'xstate';
import { noteRedactor, redactorOf, standIn } from '../../src/core/redactors.ts';
import { Feed } from '../../src/inspect/feed.ts';
import { toPlain } from '../../src/inspect/plain.ts';
import { watch } from './support.ts';

const redact = (message: unknown): unknown =>
  typeof message === 'string'
    ? message.replace(/ .*/, ' …')
    : Object.assign({}, message, { pin: '…' });

describe('a message whose protocol was noted', () => {
  it('is shown as the protocol says, at any depth', () => {
    const message = { pin: 'PLANTED', text: 'shown' };
    noteRedactor(message, { redact });
    expect(toPlain(message)).toEqual({ pin: '…', text: 'shown' });
    expect(toPlain({ list: [message], map: new Map([['last', message]]) })).toEqual({
      list: [{ pin: '…', text: 'shown' }],
      map: { 'Map(1)': [['last', { pin: '…', text: 'shown' }]] },
    });
  });

  it('is redacted by this rule only; what is around it, by the general ones', () => {
    const message = { key: 'row 1' };
    noteRedactor(message, { redact: (shown) => shown });
    expect(toPlain({ key: 'PLANTED', message })).toEqual({
      key: '[redacted]',
      message: { key: 'row 1' },
    });
  });

  it('is redacted before `sanitize` sees it', () => {
    const message = { pin: 'PLANTED' };
    noteRedactor(message, { redact });
    const seen: unknown[] = [];
    toPlain({ message }, (key, value) => {
      if (key !== '') seen.push([key, value]);
      return value;
    });
    expect(seen).toEqual([
      ['message', { pin: '…' }],
      ['pin', '…'],
    ]);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['returns a promise', () => Promise.reject(new Error('no'))],
  ])('is hidden when redact() %s', (_, fails) => {
    const message = { pin: 'PLANTED' };
    noteRedactor(message, { redact: fails });
    expect(toPlain({ message })).toEqual({ message: '[hidden, because redact threw]' });
  });

  it('may be shown as itself, and may contain itself', () => {
    const message: Record<string, unknown> = { n: 1 };
    message['again'] = message;
    noteRedactor(message, { redact: (shown) => shown });
    expect(toPlain(message)).toEqual({ n: 1, again: '[circular]' });
  });

  it('may be a text, which something stands in for', () => {
    expect(toPlain([standIn('AUTH PLANTED', { redact })])).toEqual(['AUTH …']);
  });

  it('is not noted when it is no object, or the protocol has no redact()', () => {
    const message = {};
    noteRedactor(message, {});
    noteRedactor('text', { redact });
    noteRedactor(undefined, { redact });
    expect([message, 'text', undefined].map(redactorOf)).toEqual([undefined, undefined, undefined]);
  });

  it('is known to other copies of the package', () => {
    const message = {};
    noteRedactor(message, { redact });
    const shared: unknown = Reflect.get(globalThis, Symbol.for('wirechart.redactors'));
    expect(shared).toBeInstanceOf(WeakMap);
    expect((shared as WeakMap<object, unknown>).get(message)).toEqual({ redact });
  });
});

describe('a chart that passes such a message on', () => {
  it('shows it without its secrets: as an event, in its context, to a child, as an output', () => {
    const feed = new Feed();
    const log = watch(feed);
    const message = { pin: 'PLANTED', text: 'shown' };
    noteRedactor(message, { redact });
    const child = createMachine({
      initial: 'open',
      states: { open: { on: { CLOSE: 'closed' } }, closed: { type: 'final' } },
      output: { last: message },
    });
    const chart = setup({
      types: { context: {}, children: {} as { child: 'child' } },
      actors: { child },
    }).createMachine({
      context: {},
      invoke: { id: 'child', src: 'child', input: { message }, onDone: {} },
      on: {
        MESSAGE: {
          actions: [assign({ last: message }), sendTo('child', { type: 'CLOSE', list: [message] })],
        },
      },
    });
    const actor = createActor(chart, { inspect: feed.inspect }).start();
    actor.send({ type: 'MESSAGE', message });
    const late = watch(feed);
    actor.stop();
    const lines = [...log.lines, ...late.lines].join('\n');
    expect(lines.match(/shown/g)?.length).toBeGreaterThanOrEqual(6);
    expect(lines).not.toContain('PLANTED');
  });
});
