/** `checkCodec()` finds the mistakes that authors make with ends, bounds and invalid bytes, and names them. */

import { describe, test } from 'vitest';
import { type Codec, CodecError, LimitError } from '../../src/index.ts';
import { checkCodec } from '../../src/testing/index.ts';
import { expectBroken, LINES, LinesDecoder, linesWith, ofLines, sizeOf } from './broken-codecs.ts';

describe('a mistake of end() is found:', () => {
  test('it says nothing of a message that is cut', () => {
    class Wrong extends LinesDecoder {
      override end(): void {
        // The rest is dropped.
      }
    }
    ofLines(linesWith(Wrong), 'end', 'did not throw', String.raw`'\nh' | 'ello`);
  });

  test('it throws any error', () => {
    class Wrong extends LinesDecoder {
      override end(): void {
        if (this.bytes.length > 0) throw new Error('cut');
      }
    }
    ofLines(linesWith(Wrong), 'end', 'threw no CodecError: cut');
  });

  test('the error has no ClosedError as its cause', () => {
    class Wrong extends LinesDecoder {
      override end(): void {
        if (this.bytes.length > 0) throw new CodecError('cut');
      }
    }
    ofLines(linesWith(Wrong), 'end', 'whose cause is undefined');
  });

  test('it throws between two messages', () => {
    class Wrong extends LinesDecoder {
      override end(): void {
        throw new CodecError('The peer has gone');
      }
    }
    ofLines(linesWith(Wrong), 'end', 'Between two messages', 'The peer has gone');
  });
});

describe('a mistake with the bound is found:', () => {
  test('there is none', () => {
    class Wrong extends LinesDecoder {
      protected override check(): void {
        // Any size will do.
      }
    }
    ofLines(linesWith(Wrong), 'bound', 'with maxMessageBytes: 1', 'bounded: false');
    checkCodec(linesWith(Wrong), { messages: LINES, bounded: false });
  });

  test('it is one byte less', () => {
    class Wrong extends LinesDecoder {
      protected override check(size: number): void {
        if (size >= this.limit) this.refuse(size);
      }
    }
    ofLines(linesWith(Wrong), 'bound', /has 40 bytes by sizeOf.* is 41/);
  });

  test('it counts the terminator', () => {
    class Wrong extends LinesDecoder {
      protected override check(size: number): void {
        if (size + 1 > this.limit) this.refuse(size);
      }
    }
    ofLines(linesWith(Wrong), 'bound', /has 40 bytes by sizeOf.* is 41/);
  });

  test('it counts characters, and not bytes', () => {
    class Wrong extends LinesDecoder {
      protected override check(size: number): void {
        super.check(this.bytes.toString('utf8', 0, size).length);
      }
    }
    const options = { messages: ['ü'.repeat(20)], sizeOf };
    expectBroken(linesWith(Wrong), options, 'bound', /has 40 bytes by sizeOf.* is 20/);
  });

  test('it bounds all that has arrived', () => {
    class Wrong extends LinesDecoder {
      protected override check(): void {
        if (this.bytes.length > this.limit + 1) this.refuse(this.bytes.length);
      }
    }
    ofLines(linesWith(Wrong), 'bound', 'decoded one by one', 'all samples in one chunk');
  });

  test('it is checked when a message is complete', () => {
    class Wrong extends LinesDecoder {
      protected override check(size: number): void {
        if (this.find() >= 0) super.check(size);
      }
    }
    ofLines(linesWith(Wrong), 'bound', 'only when it was complete', 'messages[4]');
  });

  test('it is checked only while a message is incomplete', () => {
    class Wrong extends LinesDecoder {
      protected override check(size: number): void {
        if (this.find() < 0) super.check(size);
      }
    }
    expectBroken(linesWith(Wrong), { messages: LINES }, 'bound', /maxMessageBytes: 1/);
  });

  test('a message that is too large is a CodecError', () => {
    class Wrong extends LinesDecoder {
      protected override refuse(): never {
        this.failure = new CodecError('The line is too long');
        throw this.failure;
      }
    }
    ofLines(linesWith(Wrong), 'bound', 'no LimitError', 'The line is too long');
  });

  test('the decoder goes on after a LimitError', () => {
    class Wrong extends LinesDecoder {
      protected override refuse(size: number): never {
        this.bytes = Buffer.alloc(0);
        throw new LimitError('too large', this.limit, size);
      }
    }
    ofLines(linesWith(Wrong), 'after-limit', 'The next read()', 'read() returned undefined');
  });
});

describe('a mistake with invalid bytes is found:', () => {
  const json = (parse: (line: string) => unknown): Codec<unknown> => {
    const right = linesWith(LinesDecoder);
    return {
      encode: (value) => right.encode(JSON.stringify(value)),
      createDecoder: (limits) => {
        const decoder = right.createDecoder(limits);
        return {
          write: (chunk) => {
            decoder.write(chunk);
          },
          read: () => {
            const line = decoder.read();
            return line === undefined ? undefined : parse(line);
          },
          end: () => {
            decoder.end();
          },
        };
      },
    };
  };
  const messages = [{ a: 1 }, [1, 2], 'text'];

  test('they are an error of another class', () => {
    const options = { messages, invalid: ['{"a":1}\nnonsense\n'] };
    expectBroken(json(JSON.parse), options, 'invalid', 'no CodecError', 'invalid[0]');
  });

  test('they are dropped', () => {
    const parse = (line: string): unknown => {
      try {
        return JSON.parse(line);
      } catch {
        return undefined;
      }
    };
    expectBroken(json(parse), { messages, invalid: ['x\n'] }, 'invalid', 'dropped the bytes');
  });

  test('they are a message', () => {
    const parse = (line: string): unknown => JSON.parse(line.replaceAll("'", '"'));
    const options = { messages, invalid: ["['a']\n"] };
    expectBroken(json(parse), options, 'invalid', "read() returned [ [ 'a' ] ]");
  });

  test('they are only the beginning of a message', () => {
    const options = { messages, invalid: ['{"a":'] };
    expectBroken(json(JSON.parse), options, 'invalid', 'waits for more bytes');
  });
});
