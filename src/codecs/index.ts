/**
 * wirechart/codecs: the codecs alone. They use no module of Node, and run in browsers too.
 *
 * @module wirechart/codecs
 */

export { type ByteLinesOptions, lines, type LinesOptions } from './lines.ts';
export { parseJson, stringifyJson } from './json.ts';
export { jsonLines, type JsonLinesOptions } from './json-lines.ts';
export { jsonStream, type JsonStreamOptions } from './json-stream.ts';
export { contentLength } from './content-length.ts';
export { lengthPrefixed, type LengthPrefixedOptions } from './length-prefixed.ts';
export {
  type Frame,
  framed,
  type FrameMapping,
  type FrameOptions,
  type LengthSize,
  type OutboundFrame,
  type TypedFrameOptions,
} from './framed.ts';
export { ByteBuffer } from './byte-buffer.ts';
export { BufferedDecoder } from './decoder.ts';
export { LineDecoder, type LineDecoderOptions } from './line-decoder.ts';
export type { IntegerOptions, JsonObject, JsonOptions, JsonValue } from './json.ts';
export type { PreambleOptions } from './preamble.ts';
export type { BinaryCodec, Codec, Decoder, Encoded, Limits, TextCodec } from '../core/codec.ts';
export {
  ArgumentError,
  ClosedError,
  CodecError,
  isWirechartError,
  LimitError,
  WirechartError,
} from '../core/errors.ts';
