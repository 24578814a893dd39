/** Codecs of one's own, made with the base classes that the package exports. */

import { describe, expect, it } from 'vitest';
import * as codecs from '../../src/codecs/index.ts';
import * as wirechart from '../../src/index.ts';
import {
  ArgumentError,
  AsyncProtocol,
  BufferedDecoder,
  CodecError,
  type Decoder,
  type Limits,
  LimitError,
  LineDecoder,
  streamPair,
} from '../../src/index.ts';
import {
  bytesOf,
  codecErrorOf,
  cut,
  limitErrorOf,
  messages,
  outcomes,
  splits,
  thrownBy,
} from './support.ts';

const codecOf = <In>(createDecoder: (limits: Limits) => Decoder<In>) => ({
  encode: (text: string) => text,
  createDecoder,
});

const COLON = 0x3a;
const COMMA = 0x2c;

/** Netstrings: `5:hello,`. */
class NetstringDecoder extends BufferedDecoder<string> {
  protected override next(): string | undefined {
    const { buffer } = this;
    const colon = buffer.indexOf(COLON);
    const digits = Buffer.from(buffer.view(0, colon === -1 ? buffer.length : colon)).toString();
    if (!/^\d{0,9}$/.test(digits)) throw this.fatal(new CodecError('No length', buffer.view()));
    if (colon === -1) return undefined;
    const size = Number(digits);
    if (size > this.limit) throw this.tooLarge(size, ' It is a netstring.');
    const end = colon + 1 + size;
    if (buffer.length <= end) return undefined;
    if (buffer.byteAt(end) !== COMMA) throw this.fatal(new CodecError('No comma', buffer.view()));
    const text = Buffer.from(buffer.view(colon + 1, end)).toString();
    buffer.drop(end + 1);
    return text;
  }
}

const netstrings = codecOf((limits) => new NetstringDecoder(limits));

it('is exported by both entry points', () => {
  for (const name of ['ByteBuffer', 'BufferedDecoder', 'LineDecoder'] as const)
    expect(wirechart[name]).toBe(codecs[name]);
});

describe('a BufferedDecoder', () => {
  it('returns the messages of next(), wherever the stream is split', () => {
    for (const chunks of splits(bytesOf('5:hello,0:,2:é,')))
      expect(outcomes(netstrings, chunks)).toEqual(messages('hello', '', 'é'));
    expect(outcomes(netstrings, cut(bytesOf(`2000:${'x'.repeat(2000)},1:y,`), 700))).toEqual(
      messages('x'.repeat(2000), 'y'),
    );
  });

  it('reports a message that the end of the stream cuts, as a retryable error with its bytes', () => {
    const decoder = netstrings.createDecoder({});
    decoder.write(bytesOf('1:a,5:he'));
    expect([decoder.read(), decoder.read()]).toEqual(['a', undefined]);
    const error = codecErrorOf(() => {
      decoder.end();
    });
    expect(error).toMatchObject({ retryable: true, cause: { code: 'ERR_CLOSED' } });
    expect(Buffer.from(error.raw).toString()).toBe('5:he');
  });

  it('throws the error of fatal() again, with the bytes that it had, and takes no more', () => {
    const decoder = netstrings.createDecoder({});
    decoder.write(bytesOf('x'));
    const error = codecErrorOf(() => decoder.read());
    decoder.write(bytesOf('1:a,'));
    expect(codecErrorOf(() => decoder.read())).toBe(error);
    expect(Buffer.from(error.raw).toString()).toBe('x');
    expect(decoder.buffered).toBe(0);
  });

  it('names the limit, its option and the note of tooLarge()', () => {
    const decoder = netstrings.createDecoder({ maxMessageBytes: 4 });
    decoder.write(bytesOf('5:'));
    const error = limitErrorOf(() => decoder.read());
    expect(error).toMatchObject({ limit: 4, actual: 5 });
    expect(error.message).toMatch(/exceeds the limit of 4\. .*limits\.maxMessageBytes\. It is a/);
  });

  it('continues behind the bytes that next() has dropped before it threw', () => {
    class Digits extends BufferedDecoder<number> {
      protected override next(): number | undefined {
        const [byte] = this.buffer.take(Math.min(1, this.buffer.length));
        if (byte === undefined) return undefined;
        if (byte < 0x30 || byte > 0x39) throw new CodecError('The header is no digit');
        return byte - 0x30;
      }
    }
    expect(
      outcomes(
        codecOf((limits) => new Digits(limits)),
        [bytesOf('1x2')],
      ),
    ).toEqual([{ message: 1 }, { error: 'header' }, { message: 2 }]);
  });

  it('drops what may precede a text, and nothing by default', () => {
    class All extends BufferedDecoder<string> {
      protected override next(): string | undefined {
        const { length } = this.buffer;
        return length < 3 ? undefined : Buffer.from(this.buffer.take(length)).toString();
      }
    }
    const marked = bytesOf('\ufeffabc');
    const [plain, text] = [
      codecOf((limits) => new All(limits)),
      codecOf((limits) => new All(limits, {})),
    ];
    expect(outcomes(plain, [marked])).toEqual(messages('\ufeffabc'));
    for (const chunks of splits(marked).slice(0, 4))
      expect(outcomes(text, chunks)).toEqual(messages('abc'));
    const banner = codecOf((limits) => new All(limits, { skipUntil: '{' }));
    expect(outcomes(banner, [bytesOf('hello\n{"a"')])).toEqual(messages('{"a"'));
  });

  it('refuses limits and a skipUntil that cannot be used', () => {
    for (const make of [
      () => new NetstringDecoder({ maxMessageBytes: 0 }),
      () => new NetstringDecoder({}, { skipUntil: '' }),
    ])
      expect(thrownBy(make)).toBeInstanceOf(ArgumentError);
  });

  it.each([
    ['consumes nothing', CodecError, 'again'],
    ['knows no bound', LimitError, undefined],
  ] as const)('ends its session when next() %s', async (_, kind, message) => {
    class Wrong extends BufferedDecoder<string> {
      protected override next(): string | undefined {
        return message;
      }
    }
    const [left, right] = streamPair();
    const client = new AsyncProtocol(
      { codec: codecOf((limits) => new Wrong(limits)) },
      { limits: { maxMessageBytes: 1000 } },
    );
    await client.connect({ stream: left });
    right.write('x'.repeat(100_000));
    expect((await client.closed).cause).toBeInstanceOf(kind);
    right.destroy();
  });
});

describe('a LineDecoder', () => {
  class Numbers extends LineDecoder<number> {
    protected override parse(line: string): number | undefined {
      if (line.startsWith('#')) return undefined;
      if (!/^\d+$/.test(line)) throw new CodecError(`The header ${line} is not a number`);
      return Number(line);
    }
  }

  it('parses each line, skips those without a message, and continues after an error', () => {
    for (const chunks of splits(bytesOf('1\r\n# two\nx\n3\n')))
      expect(
        outcomes(
          codecOf((limits) => new Numbers(limits)),
          chunks,
        ),
      ).toEqual([{ message: 1 }, { error: 'header' }, { message: 3 }]);
  });

  it('ends lines with any terminator, and skips blank ones if asked to', () => {
    const codec = codecOf((limits) => new Numbers(limits, { terminator: ';;', skipBlank: true }));
    for (const chunks of splits(bytesOf('1;; \t;;\n;;22;;;;3;; ')))
      expect(outcomes(codec, chunks)).toEqual(messages(1, 22, 3));
    const strict = codecOf((limits) => new Numbers(limits, { terminator: ';;' }));
    expect(outcomes(strict, [bytesOf(' ;;')])).toEqual([{ error: 'header' }]);
  });

  it('gives enter() the lines that it parses next, as text and as bytes', () => {
    const entered: string[] = [];
    class Watched extends Numbers {
      protected override enter(block: string, bytes: Uint8Array): void {
        expect(Buffer.from(bytes).toString()).toBe(block);
        entered.push(block);
      }
      protected override parse(line: string): number | undefined {
        expect(entered.at(-1)).toContain(line);
        return super.parse(line);
      }
    }
    const codec = codecOf((limits) => new Watched(limits));
    const stream = Buffer.from('1\n2\n3\n#\xff\n4\n', 'latin1');
    expect(outcomes(codec, cut(stream, 5, 20))).toEqual([
      ...messages(1, 2, 3),
      { error: 'UTF-8' },
      ...messages(4),
    ]);
    expect(entered).toEqual(['1\n2\n', '3', '4']);
  });

  it('refuses options that it does not have, or that cannot be used', () => {
    const make = (options: object) => thrownBy(() => new Numbers({}, options));
    for (const [options, text] of [
      [{ colour: 1 }, "new LineDecoder() has no option 'colour'"],
      [{ terminator: '' }, 'terminator of new LineDecoder() must be a text or Uint8Array'],
      [{ skipBlank: 1 }, 'skipBlank of new LineDecoder() must be a boolean, not 1'],
      [{ skipUntil: '\n' }, 'skipUntil must be the beginning of a line'],
    ] as const) {
      expect(make(options)).toBeInstanceOf(ArgumentError);
      expect(String(make(options))).toContain(text);
    }
  });
});
