/** What every message passes: the protocol's hooks and codec, taps, and forwarding to a parent. */

import { ACCEPTED } from '../async/deferred.ts';
import {
  CodecError,
  describe,
  handlerError,
  isWirechartError,
  type WirechartError,
} from '../core/errors.ts';
import { checkDecoder, checkEncoded } from '../core/encoded.ts';
import type { ByteShare } from '../core/byte-budget.ts';
import type { Bounds } from '../core/limits.ts';
import { isFailure } from '../core/log.ts';
import { noteRedactor } from '../core/redactors.ts';
import { createDecoder } from '../core/skipping-codec.ts';
import { isThenable } from '../core/shape.ts';
import type { Codec, Decoder, Encoded } from '../core/codec.ts';
import type { ProtocolDefinition, Session } from '../core/types.ts';
import type { Tap } from '../machines/link.ts';
import { Batcher } from './batcher.ts';
import { Pull } from './pull.ts';
import type { Gate } from './reader.ts';
import { closedSession, type RunningSession } from './session.ts';

/** What a server says of one of its peers, which has one session. */
export interface ServedPeer {
  /** Counts what the peer holds, inbound and outbound. */
  readonly share?: ByteShare | undefined;
  /** Whether messages wait for a consumer if no `onMessage` handles them. */
  readonly pull: boolean;
}

/** The callback `onMessage` of a definition, if it has one. */
type OnMessage<In, Out> =
  ((message: In, session: Session<In, Out, unknown>) => void | Promise<void>) | undefined;

/** Lives as long as its link; what belongs to one session is in the decoders that it creates. */
export class MessagePipeline<In, Out> implements Gate {
  onOpen: (() => void) | undefined;
  readonly #definition: ProtocolDefinition<In, Out, unknown>;
  readonly #openSession: () => RunningSession<In, Out>;
  /** What the handlers of this session are given; created for the first of them. */
  #session: RunningSession<In, Out> | undefined;
  readonly #isSingle: boolean;
  readonly #isServedByPulling: boolean;
  #codec: Codec<In, Out>;
  /** The callbacks that each message passes, as they are when the session begins. */
  #inbound: ((message: In) => In) | undefined;
  #outbound: ((message: Out) => Out) | undefined;
  #onMessage: OnMessage<In, Out>;
  #taps: readonly Tap[] = [];
  /** All taps as one function; `undefined` while there is none, and then they cost nothing. */
  #tap: Tap | undefined;
  #forwarded: Batcher<In> | undefined;
  /** How many taps keep the messages from waiting for a consumer. */
  #readers = 0;
  /** Who takes the messages of this session, or of the next one, instead of `onMessage`. */
  #pull: Pull<In> | undefined;

  /**
   * @param openSession - Returns the session that is under way, for its handlers.
   * @param served - What a server says of the peer, if it is one of a server's.
   */
  constructor(
    definition: ProtocolDefinition<In, Out, unknown>,
    openSession: () => RunningSession<In, Out> = closedSession,
    served?: ServedPeer,
  ) {
    this.#isSingle = served !== undefined;
    this.#isServedByPulling = served?.pull === true;
    this.#definition = definition;
    this.#codec = definition.codec;
    this.#openSession = openSession;
    this.#lookUp();
  }

  /** See `Link.observe()`. */
  observe(tap: Tap, reads = false): () => void {
    this.#setTaps([...this.#taps, tap]);
    if (reads) {
      this.#readers += 1;
      this.#pull?.openLater();
    }
    return () => {
      this.#setTaps(this.#taps.filter((other) => other !== tap));
      if (reads) this.#readers -= 1;
    };
  }

  /** Delivers every message that is handled from now on, in batches. */
  forward(deliver: (messages: readonly In[]) => void): void {
    this.#forwarded = new Batcher(deliver);
  }

  /** Delivers at once the messages that wait to be forwarded. */
  flushForwarded(): void {
    this.#forwarded?.flush();
  }

  /** Whether a message can be handled now: always, unless they are pulled, and no consumer asks for one. */
  get isOpen(): boolean {
    const pull = this.#pull;
    return pull === undefined || pull.isOpen || (this.#readers > 0 && pull.isFree);
  }

  /** The consumers of the messages of this session, or of the next one, instead of `onMessage`. */
  pull(): Pull<In> {
    if (this.#pull === undefined) {
      this.#pull = new Pull();
      this.#pull.onOpen = () => this.onOpen?.();
    }
    return this.#pull;
  }

  /** Whether a consumer takes, or has taken, the messages of this session. */
  get isPulled(): boolean {
    return this.#pull?.isUsed === true;
  }

  /** Ends the iterations of this session: what has not been taken is not delivered any more. */
  endMessages(): void {
    this.pull().end({ cause: undefined, isFailure: false });
  }

  /** The session has ended. Returns whether a consumer that waits for a message was told the cause. */
  settle(cause: WirechartError | undefined): boolean {
    this.#session = undefined;
    // Of the only session, a consumer that comes late learns the end, instead of waiting for the next one.
    const pull = this.#isSingle ? this.pull() : this.#pull;
    if (!this.#isSingle) this.#pull = undefined;
    return pull?.end({ cause, isFailure: cause !== undefined && isFailure(cause) }) === true;
  }

  /** A session begins: with the codec of the definition, and messages that wait for a consumer, if asked for. */
  begin(): void {
    this.#lookUp();
    const { pull = this.#isServedByPulling } = this.#definition;
    if (pull && this.#onMessage === undefined) this.pull();
  }

  /** Late, as a client class has its callbacks late; not for each message, of which it would take a tenth. */
  #lookUp(): void {
    const definition = this.#definition;
    this.#codec = definition.codec;
    this.#inbound = definition.inbound?.bind(definition);
    this.#outbound = definition.outbound?.bind(definition);
    this.#onMessage = definition.onMessage?.bind(definition);
  }

  /** Uses a codec from now on. */
  useCodec(codec: Codec<In, Out>): void {
    this.#codec = codec;
  }

  /** Creates the decoder of one session. Throws what the codec throws. */
  createDecoder(limits: Bounds): Decoder<In> {
    const isObserved = () => this.#tap !== undefined || this.#forwarded !== undefined;
    return checkDecoder(createDecoder(this.#codec, limits, isObserved));
  }

  /** Passes an inbound message through the `inbound` hook. Throws a `WirechartError`. */
  receive(message: In): In {
    let received = message;
    if (this.#inbound !== undefined) {
      try {
        received = checkHooked(this.#inbound(message));
      } catch (error) {
        throw handlerError('inbound', error);
      }
    }
    this.#tap?.('<--', received);
    return received;
  }

  /** Receives a message, and calls `onMessage`. Throws, or rejects with, a `WirechartError`. */
  readonly handle = (message: In): PromiseLike<void> | undefined => {
    const received = this.receive(message);
    if (this.#forwarded !== undefined) {
      noteRedactor(received, this.#definition);
      this.#forwarded.push(received);
    }
    if (this.#pull !== undefined) {
      this.#pull.give(received);
      return undefined;
    }
    try {
      const handled = this.#onMessage?.(received, this.session);
      // The promise of a `send()` that found room is not waited for: nothing is pending.
      return typeof handled?.then === 'function' && handled !== ACCEPTED
        ? handled.then(undefined, rethrowTyped)
        : undefined;
    } catch (error) {
      return rethrowTyped(error);
    }
  };

  /** Calls `onEnd`, if there is one. Throws, or rejects with, a `WirechartError`. */
  handleEnd(): PromiseLike<void> | undefined {
    const definition = this.#definition;
    if (definition.onEnd === undefined) return undefined;
    return Promise.resolve()
      .then(() => definition.onEnd?.(this.session))
      .catch((error: unknown) => {
        throw handlerError('onEnd', error);
      });
  }

  /** Passes an outbound message through the `outbound` hook. Throws what the hook throws. */
  applyOutbound(message: Out): Out {
    return this.#outbound === undefined ? message : checkHooked(this.#outbound(message));
  }

  /** Encodes a message that `applyOutbound()` has returned. Throws what the codec throws. */
  toBytes(message: Out): Encoded {
    const data = this.#codec.encode(message);
    if (typeof data !== 'string') checkEncoded(data);
    this.#tap?.('-->', message);
    return data;
  }

  /** Passes an outbound message through the hook and encodes it. Throws a `WirechartError`. */
  encode(message: Out): Encoded {
    let replaced;
    try {
      replaced = this.applyOutbound(message);
    } catch (error) {
      throw handlerError('outbound', error);
    }
    try {
      return this.toBytes(replaced);
    } catch (error) {
      throw encodeError(error);
    }
  }

  /** The session that is under way, as its handlers get it. */
  get session(): RunningSession<In, Out> {
    return (this.#session ??= this.#openSession());
  }

  #setTaps(taps: readonly Tap[]): void {
    this.#taps = taps;
    this.#tap = taps.length < 2 ? taps[0] : joinTaps(taps);
  }
}

const joinTaps =
  (taps: readonly Tap[]): Tap =>
  (arrow, message) => {
    for (const tap of taps) tap(arrow, message);
  };

/** Returns what a hook returned. Throws when that is no message: a hook that forgot to return one, or waits. */
function checkHooked<T>(message: T): T {
  if (message === undefined) throw new TypeError('it returned undefined instead of a message');
  if (!isThenable(message)) return message;
  message.then(undefined, () => undefined);
  throw new TypeError('it returned a promise instead of a message: a hook cannot wait');
}

/** Wrapped here, so that two readers that wait for one promise reject with the same error. */
const rethrowTyped = (thrown: unknown): never => {
  throw handlerError('onMessage', thrown);
};

/** Wraps what a codec threw on a message that it cannot encode. */
export const encodeError = (thrown: unknown): WirechartError =>
  isWirechartError(thrown)
    ? thrown
    : new CodecError(`The message cannot be encoded: ${describe(thrown)}`, undefined, {
        cause: thrown,
      });
