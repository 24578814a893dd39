/** The fuzzer itself: what it must find, and what it must not miss. */

import { describe, expect, it } from 'vitest';
import { fuzz } from './engine/loop.ts';
import { Disagreement, type Target } from './engine/target.ts';
import { linesReference } from './reference/lines.ts';
import { checkDecoding } from './targets/decoding.ts';
import { lines } from '../../src/codecs/lines.ts';
import { hidden } from './hidden.ts';

const target = (run: Target['run']): Target => ({
  name: 'planted',
  dictionary: Array.from('diewrxyz'),
  maxSize: 64,
  run,
});
const plan = { seed: 1, corpus: [], inputs: 5000, watched: /hidden/ };

describe('the fuzzer', () => {
  it('finds, by coverage, what five bytes in a row lead to, and makes the input small', async () => {
    const { failure, runs } = await fuzz(target(hidden), plan);
    expect(failure?.input.toString()).toBe('wired');
    expect(failure?.error).toMatchObject({ message: 'found' });
    expect(runs).toBeLessThan(plan.inputs);
  });

  it('does not find that when it is blind', async () => {
    const { failure, runs } = await fuzz(target(hidden), { ...plan, watched: /nothing/ });
    expect([failure, runs]).toEqual([undefined, plan.inputs]);
  });

  it('makes the same inputs from the same seed', async () => {
    const inputsOf = async (seed: number) => {
      const inputs: string[] = [];
      const run = (input: Buffer) => inputs.push(input.toString('latin1'));
      await fuzz(target(run), { ...plan, seed, inputs: 100 });
      return inputs;
    };
    expect(await inputsOf(7)).toEqual(await inputsOf(7));
    expect(await inputsOf(7)).not.toEqual(await inputsOf(8));
  });

  it('reports an input of the corpus that fails', async () => {
    const run = (input: Buffer) => {
      if (input.includes('x')) throw new Error('no x');
    };
    const { failure } = await fuzz(target(run), { ...plan, corpus: [Buffer.from('axb')] });
    expect(failure?.input.toString()).toBe('x');
  });
});

describe('the comparison with a reference', () => {
  const limit = 10;
  const subject = {
    codec: lines(),
    reference: linesReference(limit),
    limit,
    framing: 1,
    rewritten: (message: unknown) => message,
  };
  const check = (changes: Partial<typeof subject>, stream = 'one\ntwo\n') => {
    checkDecoding({ ...subject, ...changes }, Buffer.from(stream), 1);
  };

  it('notices a message that is wrong, missing or too much', () => {
    check({});
    expect(() => {
      check({ reference: () => [] });
    }).toThrow(Disagreement);
    expect(() => {
      check({ reference: linesReference(2) });
    }).toThrow(Disagreement);
    expect(() => {
      check({ rewritten: () => 'other' });
    }).toThrow(Disagreement);
  });

  it('notices a message that comes late, and bytes that are kept', () => {
    const late = lines();
    const createDecoder: typeof late.createDecoder = (limits) => {
      const decoder = late.createDecoder(limits);
      let ready = false;
      return Object.assign(Object.create(decoder) as typeof decoder, {
        buffer: Reflect.get(decoder, 'buffer') as unknown,
        write: (chunk: Uint8Array) => {
          ready = false;
          decoder.write(chunk);
        },
        read: () => {
          const message = ready ? decoder.read() : undefined;
          ready = true;
          return message;
        },
        end: () => undefined,
      });
    };
    expect(() => {
      check({ codec: { ...late, createDecoder } });
    }).toThrow(/After \d+ bytes/);
    expect(() => {
      check({ framing: -8 }, 'one');
    }).toThrow(/Too much is held/);
  });

  it('lets no error through that is not of the library', () => {
    const broken = {
      ...lines(),
      createDecoder: () => {
        throw new TypeError('bare');
      },
    };
    expect(() => {
      check({ codec: broken });
    }).toThrow(TypeError);
  });
});
