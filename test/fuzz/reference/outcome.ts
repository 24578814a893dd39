/** What a decoder gives for a stream, one thing after the other, in a form that compares well. */
export type Outcome =
  | { readonly message: unknown }
  /** An error, after which the decoder goes on; `raw` is left out where it depends on the chunks. */
  | { readonly error: Complaint; readonly raw?: string }
  /** An error, past which there is nothing more to read. */
  | { readonly fatal: string };

/** What is wrong with a message. */
export type Complaint =
  'not UTF-8' | 'not JSON' | 'not an object' | 'no beginning' | 'line end' | 'too deep' | 'cut';

/** A stream, or as much of it as has come: bytes, each of them a character. */
export interface Received {
  readonly bytes: string;
  /** Whether that was all. */
  readonly ended: boolean;
}

/** A decoder that is seen to be right: it looks at the whole stream, from its beginning. */
export type Reference = (received: Received) => Outcome[];

/** A message, or a header, that is longer than it may be. */
export const tooLarge = (limit: number): { readonly fatal: string } => ({
  fatal: `limit ${String(limit)}`,
});

/** An error with the bytes that it is about, of which as many are kept as `CodecError.raw` keeps. */
export const wrong = (error: Complaint, bytes: string): Outcome => ({
  error,
  raw: bytes.slice(0, 1024),
});

/** The text of bytes; `undefined` when they are not UTF-8. */
export function textOf(bytes: string): string | undefined {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  // A byte that is wrong becomes U+FFFD, which other bytes stand for.
  return Buffer.from(text, 'utf8').toString('latin1') === bytes ? text : undefined;
}
