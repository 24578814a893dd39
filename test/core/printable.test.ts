import { describe, expect, it } from 'vitest';
import {
  cutText,
  isPrintable,
  printable,
  printableJson,
  printableLines,
  shownMessage,
} from '../../src/core/printable.ts';

describe('printable()', () => {
  it.each([
    ['an escape sequence', '\u001b[2J', '\\x1b[2J'],
    [
      'OSC 52, which writes the clipboard',
      '\u001b]52;c;ZXZpbA==\u0007',
      '\\x1b]52;c;ZXZpbA==\\x07',
    ],
    ['a C1 control', '\u009b31m', '\\x9b31m'],
    ['a line end', 'a\r\nFATAL b', 'a\\r\\nFATAL b'],
    ['DEL and NUL', '\u007f\u0000', '\\x7f\\x00'],
    ['a right-to-left override', 'a\u202eb', 'a\\u202eb'],
    ['an isolate', '\u2066a\u2069', '\\u2066a\\u2069'],
    ['a line separator', 'a\u2028b', 'a\\u2028b'],
    ['an invisible tag', 'a\u{e0041}b', 'a\\u{e0041}b'],
    ['a lone surrogate', 'a\ud800b', 'a\\ud800b'],
  ])('escapes %s', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('keeps visible text of any language', () => {
    const text = 'guest-exec: "größe" 日本 🚀 \\x1b';
    expect(printable(text)).toBe(text);
  });

  it('escapes the same characters as the Unicode of this Node defines', () => {
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const character = String.fromCodePoint(code);
      const isHidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character);
      if ((printable(character) !== character) !== isHidden) expect.fail(code.toString(16));
    }
  });

  it('changes nothing the second time', () => {
    const once = printable('\u001b\u202e\n');
    expect(printable(once)).toBe(once);
  });
});

describe('printableLines()', () => {
  it('keeps line feeds and escapes the rest of each line', () => {
    expect(printableLines('a\r\nb\u001b')).toBe('a\\r\nb\\x1b');
  });
});

describe('cutText()', () => {
  it('keeps a text that is short enough', () => {
    expect(cutText('abc', 3)).toBe('abc');
  });

  it('says how many characters were left out', () => {
    expect(cutText('abcdef', 4)).toBe('abcd… (2 characters more)');
  });

  it('does not split a surrogate pair', () => {
    expect(cutText('ab🚀cd', 3)).toBe('ab… (4 characters more)');
  });
});

describe('printableJson()', () => {
  it.each([
    '\u009b31m',
    '\u202e',
    '\u{e0041}',
    '\u007f',
    '\u2028',
    '"\\\n\u001b',
    '\ud800',
    'größe 日本 🚀',
  ])('leaves JSON that has the same value: %j', (text) => {
    const shown = printableJson(JSON.stringify({ [text]: text }));
    expect(JSON.parse(shown)).toEqual({ [text]: text });
    expect(isPrintable(shown)).toBe(true);
  });
});

describe('isPrintable()', () => {
  it.each([
    ['a\nb', true],
    ['größe', true],
    ['a\tb', false],
    ['a\u202eb', false],
  ])('says of %j whether printableLines() leaves it: %s', (text, is) => {
    expect(isPrintable(text)).toBe(is);
    expect(printableLines(text) === text).toBe(is);
  });
});

describe('shownMessage()', () => {
  it('cuts at twice the length of a text of a peer, and keeps line feeds', () => {
    expect(shownMessage('a\n'.repeat(5_000))).toHaveLength(
      8192 + '… (1808 characters more)'.length,
    );
  });
});
