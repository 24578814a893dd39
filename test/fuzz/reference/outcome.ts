/** One outcome of decoding, in a form that is easy to compare. */
export type Outcome =
  | { readonly message: unknown }
  /** An error after which the decoder continues. `raw` is omitted if it depends on the chunks. */
  | { readonly error: ErrorKind; readonly raw?: string }
  /** An error after which nothing can be decoded. */
  | { readonly fatal: string };

/** The kinds of errors. */
export type ErrorKind =
  | 'not UTF-8'
  | 'not JSON'
  | 'not an object'
  | 'no beginning'
  | 'line end'
  | 'too deep'
  | 'too many values'
  | 'long number'
  | 'cut';

/** The received part of a stream, as latin1. */
export interface Received {
  readonly bytes: string;
  /** Whether the stream has ended. */
  readonly ended: boolean;
}

/** A simple decoder, which decodes the whole stream from the start. */
export type Reference = (received: Received) => Outcome[];

/** The outcome of a message or header above its limit. */
export const tooLarge = (limit: number): { readonly fatal: string } => ({
  fatal: `limit ${String(limit)}`,
});

/** An error with its bytes, as many as `CodecError.raw` keeps. */
export const wrong = (error: ErrorKind, bytes: string): Outcome => ({
  error,
  raw: bytes.slice(0, 1024),
});

/** Decodes UTF-8; returns `undefined` for invalid bytes. */
export function textOf(bytes: string): string | undefined {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  // An invalid byte becomes U+FFFD, which has other bytes.
  return Buffer.from(text, 'utf8').toString('latin1') === bytes ? text : undefined;
}

const BYTE_ORDER_MARK = '\xef\xbb\xbf';

/** What may precede the first message. */
export interface PreambleOptions {
  readonly limit: number;
  readonly skipUntil?: string | undefined;
}

/** The reference for a stream with a preamble, made from one that knows none. */
export const afterPreamble =
  ({ limit, skipUntil }: PreambleOptions, reference: Reference): Reference =>
  ({ bytes, ended }) => {
    const incomplete = (rest: string) => (ended && rest !== '' ? [wrong('cut', rest)] : []);
    const isPart = bytes.length < BYTE_ORDER_MARK.length && BYTE_ORDER_MARK.startsWith(bytes);
    if (isPart) return incomplete(bytes);
    const text = bytes.startsWith(BYTE_ORDER_MARK) ? bytes.slice(BYTE_ORDER_MARK.length) : bytes;
    const start = skipUntil === undefined ? 0 : startOf(text, skipUntil, limit);
    if (start === 'too large') return [tooLarge(limit)];
    return start === 'missing' ? incomplete(text) : reference({ bytes: text.slice(start), ended });
  };

/** Where the first line begins that begins with `until`. */
function startOf(text: string, until: string, limit: number): number | 'missing' | 'too large' {
  for (let at = 0; ;) {
    const rest = text.slice(at);
    if (rest.startsWith(until)) return at;
    if (until.startsWith(rest)) return 'missing';
    const newline = text.indexOf('\n', at);
    at = newline === -1 ? text.length : newline + 1;
    if (at > limit) return 'too large';
    if (newline === -1) return 'missing';
  }
}
