import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { definitionText, lifecycleText } from '../../src/inspect/definition.ts';
import { lineOf } from '../../src/inspect/serialize.ts';
import type { FeedMessage } from '../../src/inspect/wire.ts';
import { chart } from '../machines/support.ts';
import { parse } from './support.ts';

/** The registration of an actor whose machine has this definition. */
const registration = (machine: string, id: string): FeedMessage => ({
  type: 'service.register',
  machine,
  state: '{"value":"a\\n\\"b\\""}',
  id,
  sessionId: `x:${id}`,
  wirechart: { kind: 'machine', status: 'active', at: 1.5 },
});

const long = (text: string) => definitionText(createMachine({ description: text.repeat(500) }));

describe('a line', () => {
  const definitions = [
    definitionText(chart),
    lifecycleText('p'),
    long('"a"\n'),
    long('"b"\n'),
    definitionText(chart),
    definitionText(chart),
    '',
  ];

  it('contains the message, whichever definitions came before it', () => {
    const messages = definitions.map((machine, at) => registration(machine, String(at)));
    for (const message of [...messages, ...messages.toReversed()]) {
      const line = lineOf(message);
      expect(parse(line)).toEqual(message);
      expect(line).not.toContain('\n');
    }
    expect(definitions.filter(({ length }) => length > 1_000)).toHaveLength(5);
  });

  it('contains a message that is not a registration', () => {
    const message: FeedMessage = { type: 'wirechart.problem', text: 'two\nlines', at: 2 };
    expect(parse(lineOf(message))).toEqual(message);
  });
});
