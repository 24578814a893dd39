/** Names and values of options that are refused, and what the errors say. */

import { describe, expect, it } from 'vitest';
import { checkDefinition } from '../../src/core/definition.ts';
import { resolveDeadlines, resolveLimits } from '../../src/core/limits.ts';
import {
  checkChoices,
  checkKinds,
  checkMethods,
  checkNames,
  checkSpelling,
  endOptions,
  pickOptions,
  signalOf,
} from '../../src/core/options.ts';
import { show } from '../../src/core/shape.ts';
import { jsonLines } from '../../src/index.ts';

const NAMES = { timeouts: true, logger: true, maxMessageBytes: true, oob: true };

describe('the name that was probably meant', () => {
  it.each([
    ['timeout', 'timeouts'],
    ['Timeouts', 'timeouts'],
    ['timeuots', 'timeouts'],
    ['timeots', 'timeouts'],
    ['time-outs', 'timeouts'],
    ['max_message_bytes', 'maxMessageBytes'],
    ['looger', 'logger'],
    ['obo', 'oob'],
  ])('of %s is %s', (name, meant) => {
    const message = `f() has no option '${name}': did you mean '${meant}'?`;
    expect(() => {
      checkNames('f()', { [name]: 1 }, NAMES);
    }).toThrow(message);
    expect(() => {
      checkSpelling('f()', { [name]: 1 }, NAMES);
    }).toThrow(message);
  });

  it.each(['color', 'log', 'x', 'bytes'])('of %s is not guessed', (name) => {
    expect(() => {
      checkNames('f()', { [name]: 1 }, NAMES);
    }).toThrow(`f() has no option '${name}'; it has timeouts, logger, maxMessageBytes, oob`);
    expect(() => {
      checkSpelling('f()', { [name]: 1 }, NAMES);
    }).not.toThrow();
  });

  it('is not asked for when the option is undefined, or the names are those of every object', () => {
    checkNames('f()', { color: undefined }, NAMES);
    checkNames('f()', undefined, NAMES);
    expect(() => {
      checkNames('f()', { toString: 5 }, NAMES);
    }).toThrow("f() has no option 'toString'");
  });
});

describe('options', () => {
  it.each([
    [null, 'not null'],
    [5, 'not 5'],
    ['x', 'not "x" (a string)'],
    [[], 'not an array'],
    [() => 5, 'not a function'],
    [new AbortController().signal, 'pass { signal }'],
  ])('are an object, and not %s', (given, text) => {
    expect(() => {
      checkNames('f()', given, NAMES);
    }).toThrow(text);
  });

  it('of a call that waits have a signal', () => {
    const { signal } = new AbortController();
    expect(signalOf('f()', undefined)).toBeUndefined();
    expect(signalOf('f()', { signal: undefined })).toBeUndefined();
    expect(signalOf('f()', { signal })).toBe(signal);
    expect(endOptions('f()', undefined)).toEqual({ signal: undefined, force: false });
    expect(endOptions('f()', { signal, force: true })).toEqual({ signal, force: true });
  });

  it('have the type, the value or the methods that they need', () => {
    expect(() => {
      checkKinds('f()', { once: 'yes' }, { once: 'boolean' });
    }).toThrow('once of f() must be a boolean, not "yes" (a string)');
    expect(() => {
      checkChoices('f()', { endian: 'up' }, { endian: ['big', 'little'] });
    }).toThrow('endian of f() must be "big" or "little", not "up" (a string)');
    expect(() => {
      checkMethods('f()', { clock: { setTimeout } }, 'clock', ['setTimeout', 'clearTimeout']);
    }).toThrow('the methods setTimeout, clearTimeout, not an object without clearTimeout');
    checkKinds('f()', { once: undefined }, { once: 'boolean' });
    checkChoices('f()', {}, { endian: ['big'] });
    checkMethods('f()', { clock: globalThis }, 'clock', ['setTimeout', 'clearTimeout']);
  });

  it('that another object takes can be picked', () => {
    const given = { logger: 1, color: 2 };
    expect(pickOptions<string, Record<string, number>>(given, NAMES)).toEqual({ logger: 1 });
  });
});

describe('numbers', () => {
  it('have the names of deadlines, or of bounds, or further ones', () => {
    expect(() => resolveDeadlines({ bocklog: 5 } as never, { backlog: 5 })).toThrow(
      "timeouts has no option 'bocklog': did you mean 'backlog'?",
    );
    expect(resolveDeadlines({ backlog: 5, connect: 7 } as never, { backlog: 5 }).connect).toBe(7);
    expect(() => resolveLimits({ maxPeers: 5 } as never)).toThrow(
      "limits has no option 'maxPeers'",
    );
  });

  it('of the two bounds of a queue do not contradict each other', () => {
    expect(resolveLimits({ maxQueuedBytes: 10 }).highWaterMark).toBe(10);
    expect(resolveLimits({ highWaterMark: Infinity }).highWaterMark).toBe(Infinity);
    expect(() => resolveLimits({ highWaterMark: 11, maxQueuedBytes: 10 })).toThrow(
      'limits.highWaterMark (11) must not be above limits.maxQueuedBytes (10)',
    );
  });
});

describe('a definition', () => {
  const codec = jsonLines();

  it.each<[unknown, string]>([
    [() => ({ codec }), 'needs the definition of a protocol'],
    [{ codec: { encode: () => '' } }, 'encode() and createDecoder(), not an object'],
    [{ codec, handshake: {} }, 'handshake of a definition must be a function, not an object'],
    [{ codec, onmessage: () => undefined }, "no member 'onmessage': did you mean 'onMessage'?"],
  ])('is refused when it cannot be used: %o', (given, text) => {
    expect(() => {
      checkDefinition('f()', given);
    }).toThrow(text);
  });

  it('may be an instance of a class, with state of its own', () => {
    class Definition {
      readonly codec = codec;
      readonly seen: unknown[] = [];
      onMessage(message: unknown) {
        this.seen.push(message);
      }
    }
    checkDefinition('f()', new Definition());
    checkDefinition('f()', { codec, onMesage: undefined, count: 0 });
  });
});

describe('a value in an error', () => {
  it.each<[unknown, string]>([
    ['5', '"5" (a string)'],
    ['x'.repeat(200), `"${'x'.repeat(100)}" (a string)`],
    [5n, '5n'],
    [1n << 1_000_000n, '[a bigint of more than 131072 bits]'],
    [NaN, 'NaN'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('x'), 'Symbol(x)'],
    [[1], 'an array'],
    [{}, 'an object'],
    [new Date(0), 'an object (Date)'],
    [Object.create(null), 'an object'],
    [show, 'the function show'],
    [() => undefined, 'a function'],
  ])('%# is shown with its type', (value, text) => {
    expect(show(value)).toBe(text);
  });
});
