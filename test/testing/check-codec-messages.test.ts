/** `checkCodec()` finds the mistakes that authors make with messages and chunks, and names them. */

import { describe, test } from 'vitest';
import { type Codec, type Decoder } from '../../src/index.ts';
import { checkCodec } from '../../src/testing/index.ts';
import {
  BLOCKS,
  BlocksDecoder,
  blocksWith,
  expectBroken,
  LINES,
  LinesDecoder,
  linesWith,
  ofBlocks,
  ofLines,
  sizeOf,
} from './broken-codecs.ts';

test('the codecs without the mistakes pass', () => {
  checkCodec(linesWith(LinesDecoder), { messages: LINES, sizeOf });
  checkCodec(blocksWith(BlocksDecoder), { messages: BLOCKS, sizeOf: (block) => block.length });
  checkCodec(
    blocksWith(BlocksDecoder, (block) => [Uint8Array.of(block.length), block]),
    { messages: BLOCKS },
  );
});

describe('a mistake of encode() is found:', () => {
  test('it returns no bytes, but an object', () => {
    const codec = linesWith(LinesDecoder, (text) => JSON.parse(JSON.stringify({ text })) as string);
    ofLines(codec, 'encode', 'encode() returned an object', "messages[0], ''");
  });

  test('it throws', () => {
    const encode = (text: string): string => {
      if (text.includes('ü')) throw new TypeError('not ASCII');
      return `${text}\n`;
    };
    ofLines(linesWith(LinesDecoder, encode), 'encode', 'not ASCII', 'messages[2]');
  });

  test('an empty message has no bytes', () => {
    const codec = linesWith(LinesDecoder, (text) => (text === '' ? '' : `${text}\n`));
    ofLines(codec, 'encode', 'no bytes', 'messages[0]');
  });

  test('it changes its message', () => {
    const encode = (block: Uint8Array): Uint8Array => {
      block.reverse();
      return Uint8Array.from([block.length, ...block]);
    };
    const messages = BLOCKS.map((block) => Uint8Array.from(block));
    expectBroken(blocksWith(BlocksDecoder, encode), { messages }, 'message-kept', 'messages[2]');
  });

  test('it fills the same memory for each message', () => {
    const memory = new Uint8Array(64);
    const encode = (block: Uint8Array): Uint8Array => {
      memory.set([block.length, ...block]);
      return memory.subarray(0, block.length + 1);
    };
    ofBlocks(blocksWith(BlocksDecoder, encode), 'bytes-kept', /messages\[\d\]/, 'one buffer');
  });

  test('it counts characters, and not bytes', () => {
    const codec: Codec<string> = {
      encode: (text) => Uint8Array.from([text.length, ...Buffer.from(text)]),
      createDecoder: (limits) => {
        const blocks = new BlocksDecoder(limits);
        const textOf = (block: Uint8Array | undefined) => block && Buffer.from(block).toString();
        return {
          write: (chunk) => {
            blocks.write(chunk);
          },
          read: () => textOf(blocks.read()),
          end: () => {
            blocks.end();
          },
        };
      },
    };
    ofLines(codec, 'round-trip', 'message 2', "not 'grüß dich'", 'bytes above 0x7f');
  });
});

describe('a mistake of decoding is found:', () => {
  test('the last byte is dropped', () => {
    class Wrong extends LinesDecoder {
      protected override take(end: number): string {
        return super.take(end).slice(0, -1);
      }
    }
    ofLines(linesWith(Wrong), 'round-trip', "'hell' as message 1, not 'hello'");
  });

  test('a chunk is taken for one message', () => {
    class Wrong extends LinesDecoder {
      protected override take(end: number): string {
        const line = super.take(end);
        this.bytes = Buffer.alloc(0);
        return line;
      }
    }
    ofLines(linesWith(Wrong), 'several-messages', 'read() returned 1 of 5 messages', 'one chunk');
  });

  test('a message is taken for one chunk', () => {
    class Wrong extends LinesDecoder {
      override write(chunk: Uint8Array): void {
        this.bytes = Buffer.from(chunk);
      }
    }
    ofLines(linesWith(Wrong), 'split', 'two chunks', "'\\nh' | 'ello\\ngr");
  });

  test('a length is read before it is complete', () => {
    const codec: Codec<string> = {
      encode: (text) => `${String(text.length).padStart(2, '0')}${text}`,
      createDecoder: (): Decoder<string> => {
        let text = '';
        let size: number | undefined;
        return {
          write: (chunk) => {
            text += Buffer.from(chunk).toString();
          },
          read: () => {
            if (text === '') return undefined;
            size ??= Number(text.slice(0, 2));
            if (text.length < size + 2) return undefined;
            const message = text.slice(2, size + 2);
            text = text.slice(size + 2);
            size = undefined;
            return message;
          },
          end: () => undefined,
        };
      },
    };
    expectBroken(codec, { messages: ['abcdefghijkl', 'b'] }, 'split', "two chunks, '1' | '2abc");
  });

  test('chunks are decoded as UTF-8, one by one', () => {
    class Wrong extends LinesDecoder {
      #text = '';
      override write(chunk: Uint8Array): void {
        this.#text += Buffer.from(chunk).toString();
        this.bytes = Buffer.from(this.#text);
      }
      protected override take(end: number): string {
        const line = super.take(end);
        this.#text = this.bytes.toString();
        return line;
      }
    }
    ofLines(linesWith(Wrong), 'split', 'within a character of UTF-8', String.raw`gr\xc3' | '\xbc`);
  });

  test('a terminator of two bytes is cut', () => {
    class Wrong extends LinesDecoder {
      override write(chunk: Uint8Array): void {
        super.write(
          Buffer.from(Buffer.from(chunk).toString('latin1').replaceAll('\r\n', '\n'), 'latin1'),
        );
      }
    }
    const codec = linesWith(Wrong, (text) => `${text}\r\n`);
    ofLines(codec, 'split', String.raw`'\r' | '\nhello`);
  });

  test('a message is not consumed', () => {
    class Wrong extends LinesDecoder {
      protected override take(end: number): string {
        return this.bytes.toString('utf8', 0, end);
      }
    }
    ofLines(linesWith(Wrong), 'consume', "returned '' again and again");
  });

  test('null stands for no message', () => {
    const right = linesWith(LinesDecoder);
    const codec: Codec<string | null> = {
      encode: (text) => right.encode(text ?? ''),
      createDecoder: (limits) => {
        const decoder = right.createDecoder(limits);
        return {
          write: (chunk) => {
            decoder.write(chunk);
          },
          read: () => decoder.read() ?? null,
          end: () => {
            decoder.end();
          },
        };
      },
    };
    expectBroken(codec, { messages: LINES }, 'decoder', 'read() returned null', 'return undefined');
  });

  test('a second chunk replaces the first, if none is read between them', () => {
    class Wrong extends LinesDecoder {
      #chunk = Buffer.alloc(0);
      override write(chunk: Uint8Array): void {
        this.#chunk = Buffer.from(chunk);
      }
      override read(): string | undefined {
        super.write(this.#chunk);
        this.#chunk = Buffer.alloc(0);
        return super.read();
      }
    }
    ofLines(linesWith(Wrong), 'late-read', 'before the first read()', 'Append each chunk');
  });
});
