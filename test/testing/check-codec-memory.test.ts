/** `checkCodec()` finds the mistakes that authors make with memory and sessions, and names them. */

import { describe, test } from 'vitest';
import { type Codec } from '../../src/index.ts';
import {
  BlocksDecoder,
  blocksWith,
  expectBroken,
  LINES,
  LinesDecoder,
  linesWith,
  ofBlocks,
  ofLines,
} from './broken-codecs.ts';

describe('a mistake with memory is found:', () => {
  test('the start of a message stays in the chunk', () => {
    class Wrong extends LinesDecoder {
      override write(chunk: Uint8Array): void {
        this.bytes =
          this.bytes.length === 0
            ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
            : Buffer.concat([this.bytes, chunk]);
      }
    }
    ofLines(linesWith(Wrong), 'chunk-memory', 'Copy the bytes that you keep');
  });

  test('chunks are collected, to be joined later', () => {
    class Wrong extends LinesDecoder {
      #chunks: Uint8Array[] = [];
      override write(chunk: Uint8Array): void {
        this.#chunks.push(chunk);
        this.bytes = Buffer.concat(this.#chunks);
      }
      protected override take(end: number): string {
        const line = super.take(end);
        this.#chunks = [this.bytes];
        return line;
      }
    }
    ofLines(linesWith(Wrong), 'chunk-memory', 'ByteBuffer');
  });

  test('a message is a view of the chunk', () => {
    class Wrong extends BlocksDecoder {
      override write(chunk: Uint8Array): void {
        if (this.bytes.length === 0) this.bytes = chunk;
        else super.write(chunk);
      }
      override read(): Uint8Array | undefined {
        const block = super.read();
        if (block === undefined) this.bytes = Uint8Array.from(this.bytes);
        return block;
      }
      protected override take(size: number): Uint8Array {
        const block = this.bytes.subarray(1, size + 1);
        this.bytes = this.bytes.subarray(size + 1);
        return block;
      }
    }
    ofBlocks(blocksWith(Wrong), 'message-memory', 'which later became', 'Return copies');
  });

  test('slice() is taken for a copy, which it is not in a Buffer', () => {
    class Wrong extends BlocksDecoder {
      override write(chunk: Uint8Array): void {
        if (this.bytes.length === 0) this.bytes = chunk;
        else super.write(chunk);
      }
      override read(): Uint8Array | undefined {
        const block = super.read();
        if (block === undefined) this.bytes = Uint8Array.from(this.bytes);
        return block;
      }
    }
    ofBlocks(blocksWith(Wrong), 'message-memory', 'slice() of a Buffer');
  });

  test('one object is filled for each message', () => {
    const right = linesWith(LinesDecoder);
    const codec: Codec<{ text: string }> = {
      encode: ({ text }) => right.encode(text),
      createDecoder: (limits) => {
        const decoder = right.createDecoder(limits);
        const message = { text: '' };
        return {
          write: (chunk) => {
            decoder.write(chunk);
          },
          read: () => {
            const text = decoder.read();
            return text === undefined ? undefined : Object.assign(message, { text });
          },
          end: () => {
            decoder.end();
          },
        };
      },
    };
    const messages = LINES.map((text) => ({ text }));
    expectBroken(codec, { messages }, 'message-memory', 'a new object for each message');
  });

  test('a chunk is taken for the whole of its ArrayBuffer', () => {
    class Wrong extends BlocksDecoder {
      override write(chunk: Uint8Array): void {
        super.write(new Uint8Array(chunk.buffer, 0, chunk.length));
      }
    }
    ofBlocks(blocksWith(Wrong), 'chunk-offset', 'byteOffset');
  });

  test('a chunk is taken for a Buffer', () => {
    class Wrong extends LinesDecoder {
      override write(chunk: Uint8Array): void {
        super.write(Buffer.from(chunk.toString()));
      }
    }
    const options = { messages: ['one', 'two'] };
    expectBroken(linesWith(Wrong), options, 'chunk-type', 'Buffer.from(chunk.buffer');
  });
});

describe('a mistake with sessions is found:', () => {
  test('all of them have one decoder', () => {
    const decoder = new LinesDecoder({});
    const codec = { encode: (text: string) => `${text}\n`, createDecoder: () => decoder };
    ofLines(codec, 'decoder', 'the decoder of another session');
  });

  test('their decoders share a buffer', () => {
    let shared: Buffer = Buffer.alloc(0);
    class Wrong extends LinesDecoder {
      override write(chunk: Uint8Array): void {
        this.bytes = shared;
        super.write(chunk);
        shared = this.bytes;
      }
      override read(): string | undefined {
        const line = super.read();
        shared = this.bytes;
        return line;
      }
    }
    ofLines(linesWith(Wrong), 'shared-state', 'two decoders in turn');
  });

  test('their decoders share the place in a header', () => {
    const size = /(\d+):/g;
    const codec: Codec<string> = {
      encode: (text) => `${String(text.length)}:${text}`,
      createDecoder: () => {
        let text = '';
        return {
          write: (chunk) => {
            text += Buffer.from(chunk).toString();
          },
          read: () => {
            const header =
              size.lastIndex > 0 ? text.slice(0, size.lastIndex) : size.exec(text)?.[0];
            const end = header && header.length + Number.parseInt(header);
            if (header === undefined || end === undefined || end === '' || text.length < end)
              return undefined;
            const message = text.slice(header.length, end);
            text = text.slice(end);
            size.lastIndex = 0;
            return message;
          },
          end: () => undefined,
        };
      },
    };
    expectBroken(
      codec,
      { messages: ['a', 'b'.repeat(12), 'cd'] },
      'shared-state',
      'createDecoder()',
    );
  });
});

describe('a mistake with what is held is found:', () => {
  test('buffered counts all bytes that have come', () => {
    class Wrong extends LinesDecoder {
      buffered = 0;
      override write(chunk: Uint8Array): void {
        super.write(chunk);
        this.buffered += chunk.length;
      }
    }
    ofLines(linesWith(Wrong), 'buffered', '0 bytes after the last message');
  });

  test('buffered is always 0', () => {
    class Wrong extends LinesDecoder {
      readonly buffered = 0;
    }
    ofLines(linesWith(Wrong), 'buffered', 'In the middle of a message');
  });

  test('rest() has no messages that were not read', () => {
    class Wrong extends LinesDecoder {
      rest(): Uint8Array {
        return Uint8Array.from(this.bytes.subarray(this.bytes.lastIndexOf('\n') + 1));
      }
    }
    ofLines(linesWith(Wrong), 'rest', '0 messages read', "It returned ''");
  });

  test('rest() is a view of the chunk', () => {
    class Wrong extends LinesDecoder {
      override write(chunk: Uint8Array): void {
        this.bytes =
          this.bytes.length > 0
            ? Buffer.concat([this.bytes, chunk])
            : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      }
      override read(): string | undefined {
        const line = super.read();
        if (line === undefined) this.bytes = Buffer.from(this.bytes);
        return line;
      }
      rest(): Uint8Array {
        return this.bytes;
      }
    }
    ofLines(linesWith(Wrong), 'rest', 'a copy of the bytes');
  });
});
