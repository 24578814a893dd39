/** The regular expressions of the page's search. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, PatternError } from '../../inspector/page/filter-pattern.ts';

/** Patterns that this engine and that of JavaScript must agree about. */
const atom = fc.constantFrom(
  'a',
  'b',
  'c',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '\\s',
  '\\b',
  '[a-c1]',
);
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{0,}', '*?');
const pattern: fc.Arbitrary<string> = fc.letrec<{ any: string; part: string }>((tie) => ({
  any: fc
    .array(fc.array(tie('part'), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 })
    .map((ways) => ways.map((parts) => parts.join('')).join('|')),
  part: fc.oneof(
    { maxDepth: 2 },
    fc.tuple(atom, quantifier).map(([one, many]) => (one === '\\b' ? one : `${one}${many}`)),
    fc.tuple(tie('any'), quantifier).map(([inner, many]) => `(${inner})${many}`),
  ),
})).any;
const anchored = fc
  .tuple(fc.constantFrom('', '^'), pattern, fc.constantFrom('', '$'))
  .map(([start, inner, end]) => `${start}(?:${inner})${end}`);
const text = fc.array(fc.constantFrom('a', 'b', 'c', '1', ' ', 'x'), { maxLength: 8 });

describe('a pattern of the search', () => {
  it('matches where a regular expression of JavaScript does', () => {
    fc.assert(
      fc.property(anchored, text, (source, chars) => {
        const subject = chars.join('');
        expect(compilePattern(source)(subject)).toBe(new RegExp(source, 'i').test(subject));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['on\\.(fast|slow)$', 'nested.on.FAST', true],
    ['on\\.(fast|slow)$', 'nested.on.fast.x', false],
    ['"force":\\s*true', '{"force":true}', true],
    ['\\D\\d{3}\\D', 'a1234b', false],
    ['\\W\\S', 'a b', true],
    ['[\\d-]x', '-x', true],
    ['[]a]', 'a', true],
    ['a\\nb', 'a\nb', true],
    ['a.b', 'a\nb', false],
    ['', '', true],
  ])('%s in %j: %s', (source, subject, isFound) => {
    // '[]a]' is a class of two characters here, as in other tools; in JavaScript it matches nothing.
    expect(compilePattern(source)(subject)).toBe(isFound);
  });

  it('takes no longer for a pattern that stops a backtracking engine', () => {
    const matches = compilePattern('^(a+)+(a*)*(a|aa)+$');
    expect(matches(`${'a'.repeat(5_000)}!`)).toBe(false);
    expect(matches('a'.repeat(5_000))).toBe(true);
  });

  it.each([
    ['(a', "A ')' is missing"],
    ['a)', "There is a ')' without its '('"],
    ['[a', "A ']' is missing"],
    ['*', "There is nothing before '*' to repeat"],
    ['a**', 'A repetition cannot be repeated: put it into a group'],
    ['a{3,2}', "The numbers of '{3,2}' are the wrong way round"],
    ['a{1000}', "'{1000}' repeats more than 200 times"],
    ['(a{200}){200}', 'It is too long'],
    ['[b-a]', "The range 'b-a' is the wrong way round"],
    ['a\\', "A '\\' at the end has nothing to escape"],
    ['(?=a)', "Groups that begin with '(?' are not supported, except for '(?:'"],
    ['\\1', "'\\1' is not supported"],
    ['('.repeat(60), 'It has too many nested groups'],
  ])('is refused with the reason: %s', (source, reason) => {
    expect(() => compilePattern(source)).toThrow(new PatternError(reason));
  });
});
