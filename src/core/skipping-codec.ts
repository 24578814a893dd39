/**
 * An internal extension of `Codec`, for a codec that can skip messages that its protocol would ignore.
 *
 * Skipping is safe only while no logger, inspector or parent with `forward: true` is shown the messages.
 * The codec cannot know that, but the link does, so the link passes the answer along when it creates a
 * decoder. The public contract, which every author of a codec reads, stays free of it.
 */

import type { Codec, Decoder, Limits } from './types.ts';

/** The key of the method that a skipping codec has in addition. */
export const CREATE_SKIPPING_DECODER: unique symbol =
  /* @__PURE__ */ Symbol('createSkippingDecoder');

/** A codec whose decoders may skip messages; those of its `createDecoder()` skip none. */
export interface SkippingCodec<In, Out = In> extends Codec<In, Out> {
  /** @param isObserved - Whether messages are shown to anything but the protocol's own callbacks, now. */
  [CREATE_SKIPPING_DECODER](limits: Limits, isObserved: () => boolean): Decoder<In>;
}

/** Creates the decoder of one session; see `SkippingCodec` for `isObserved`. */
export const createDecoder = <In>(
  codec: Codec<In, never> | SkippingCodec<In, never>,
  limits: Limits,
  isObserved: () => boolean,
): Decoder<In> =>
  CREATE_SKIPPING_DECODER in codec
    ? codec[CREATE_SKIPPING_DECODER](limits, isObserved)
    : codec.createDecoder(limits);
