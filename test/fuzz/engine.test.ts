/** The fuzzer finds planted bugs, and the comparison with a reference notices differences. */

import { describe, expect, it } from 'vitest';
import { type Budget, Excess } from './engine/cost.ts';
import { fuzz, type FuzzOptions } from './engine/loop.ts';
import { render } from './engine/pattern.ts';
import { Mismatch, type Target } from './engine/target.ts';
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
const options = { seed: 1, corpus: [], inputs: 5000, watched: /hidden/ };

describe('the fuzzer', () => {
  it('finds by coverage a bug behind five conditions, and minimizes the input', async () => {
    const { failure, runs } = await fuzz(target(hidden), options);
    expect(failure?.input.toString()).toBe('wired');
    expect(failure?.error).toMatchObject({ message: 'found' });
    expect(runs).toBeLessThan(options.inputs);
  });

  it('does not find that bug without coverage', async () => {
    const { failure, runs } = await fuzz(target(hidden), { ...options, watched: /nothing/ });
    expect([failure, runs]).toEqual([undefined, options.inputs]);
  });

  it('makes the same inputs from the same seed', async () => {
    const inputsOf = async (seed: number) => {
      const inputs: string[] = [];
      const run = (input: Buffer) => inputs.push(input.toString('latin1'));
      await fuzz(target(run), { ...options, seed, inputs: 100 });
      return inputs;
    };
    expect(await inputsOf(7)).toEqual(await inputsOf(7));
    expect(await inputsOf(7)).not.toEqual(await inputsOf(8));
  });

  it('reports a failing input of the corpus', async () => {
    const run = (input: Buffer) => {
      if (input.includes('x')) throw new Error('no x');
    };
    const { failure } = await fuzz(target(run), { ...options, corpus: [Buffer.from('axb')] });
    expect(failure?.input.toString()).toBe('x');
  });
});

describe('the fuzzer, of the time that an input costs,', () => {
  const X = 0x78;
  /** A decoder that searches from the beginning again at each x, if its stream begins with w. */
  const quadratic = (input: Buffer) => {
    if (input[0] !== 0x77) return;
    for (let at = 0; at < input.length; at += 1) {
      if (input[at] === X) for (let back = at; input[back] !== 0x0a && back > 0;) back -= 1;
    }
  };
  const linear = (input: Buffer) => {
    for (let at = 0; at < input.length; at += 1) if (input[at] === X) input[at] = 0;
  };
  const watched = (budget: Budget): Target => ({ ...target(() => undefined), budget });
  const search = (run: Budget['run'], changes: Partial<FuzzOptions> = {}) =>
    fuzz(watched({ run, maxNanoseconds: 500 }), { ...options, inputs: 4800, ...changes });

  it('finds a decoder that is quadratic for some inputs, and minimizes the pattern', async () => {
    const { excess, failure, runs } = await search(quadratic, { corpus: [Buffer.from('ww\nxe')] });
    // Of both letters, one of each; which of the parts they are is a matter of chance.
    expect(
      Object.values(excess?.pattern ?? {})
        .sort()
        .join(''),
    ).toMatch(/^(?:wx|xw)$/);
    expect(excess && render(excess.pattern, 100).toString()).toMatch(/^w[wx]+$/);
    expect(excess?.error).toBeInstanceOf(Excess);
    expect(failure).toBeUndefined();
    expect(runs).toBeLessThan(options.inputs);
  });

  it('finds a decoder that is too slow by a constant factor', async () => {
    const slow = (input: Buffer) => {
      for (let times = 0; times < 1000; times += 1) linear(input);
    };
    const { excess } = await search(slow, { inputs: 48 });
    expect(excess?.error.message).toMatch(/took \d+ ns of CPU per byte.*allowed are 500 ns/);
  });

  it('finds nothing in a linear decoder', async () => {
    const { excess, measured } = await search(linear, { inputs: 480 });
    expect(excess).toBeUndefined();
    expect(measured).toBeGreaterThanOrEqual(20);
  });

  it('does not believe in a slow run that is not slow again', async () => {
    let hiccups = 3;
    const busy = (input: Buffer) => {
      if (input.length > 200_000 && (hiccups -= 1) >= 0) {
        for (let times = 0; times < 600; times += 1) linear(input);
      } else linear(input);
    };
    const { excess } = await search(busy, { inputs: 480 });
    expect(excess).toBeUndefined();
    expect(hiccups).toBeLessThan(0);
  });

  it('renders a pattern in any size', () => {
    const pattern = { head: '[', left: '[', middle: '1', right: ']', tail: ']' };
    expect(render(pattern, 7).toString()).toBe('[[[1]]]');
    expect(render(pattern, 100_000)).toHaveLength(99_999);
  });
});

describe('the comparison with a reference', () => {
  const limit = 10;
  const subject = {
    codec: lines(),
    reference: linesReference(limit),
    limit,
    framing: 1,
    roundTrip: (message: unknown) => message,
  };
  const check = (changes: Partial<typeof subject>, stream = 'one\ntwo\n') => {
    checkDecoding({ ...subject, ...changes }, Buffer.from(stream), 1);
  };

  it('notices a message that is wrong, missing or superfluous', () => {
    check({});
    expect(() => {
      check({ reference: () => [] });
    }).toThrow(Mismatch);
    expect(() => {
      check({ reference: linesReference(2) });
    }).toThrow(Mismatch);
    expect(() => {
      check({ roundTrip: () => 'other' });
    }).toThrow(Mismatch);
  });

  it('notices a message that is returned late, and bytes that are not released', () => {
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
    }).toThrow(/Too many bytes are buffered/);
  });

  it('passes on an error that is not a WirechartError', () => {
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
