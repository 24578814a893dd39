/** The real machines, events and errors that the names in the model stand for. */

import { ClosedError, CodecError, HandlerError } from '../../src/core/errors.ts';
import { createChart } from '../../src/machines/protocol.ts';
import type { ProtocolEvent } from '../../src/machines/protocol-types.ts';
import type { ProtocolDefinition } from '../../src/core/types.ts';
import { FakeLink, IdleLink } from '../machines/fake-link.ts';
import type { Command, Fault, Variant } from './model.ts';

/** One error for each kind of fault, and the error of FAIL. */
export const ERRORS = {
  broken: new Error('broken'),
  reset: new ClosedError('reset'),
  garbage: new CodecError('garbage'),
  unbearable: new HandlerError('fail', 'unbearable'),
} satisfies Record<Fault | 'unbearable', Error>;

const ADDRESS = '/run/fake.sock';

export const EVENTS: Record<Command, ProtocolEvent> = {
  CONNECT: { type: 'CONNECT', address: ADDRESS },
  LISTEN: { type: 'LISTEN', address: ADDRESS },
  ACCEPT: { type: 'ACCEPT' },
  DISCONNECT: { type: 'DISCONNECT' },
  'DISCONNECT force': { type: 'DISCONNECT', force: true },
  ABORT: { type: 'ABORT', reason: 'no longer wanted' },
  EXPECT_END: { type: 'EXPECT_END' },
  EXPECT_MORE: { type: 'EXPECT_MORE' },
  FAIL: { type: 'FAIL', error: ERRORS.unbearable },
  MESSAGES: { type: 'MESSAGES', messages: ['a message'] },
};

/** The link of a variant. */
class VariantLink extends FakeLink {
  override readonly definition: ProtocolDefinition<string>;

  constructor({ handshake, queued, finite }: Variant) {
    const infinite = { connect: Infinity, accept: Infinity, handshake: Infinity };
    super(finite ? {} : { ...infinite, flush: Infinity, close: Infinity });
    this.definition = (handshake ? new FakeLink() : new IdleLink()).definition;
    this.isFlushed = !queued;
    this.undelivered = queued ? 3 : 0;
  }
}

/** The input of a machine: a variant and its link. */
export interface Input {
  readonly variant: Variant;
  readonly link: FakeLink;
}
export const inputOf = (variant: Variant): Input => ({ variant, link: new VariantLink(variant) });
const chartWith = (once: boolean) =>
  createChart(({ link }: Input) => link, {
    addressOf: ({ variant }) => (variant.autoConnect ? ADDRESS : undefined),
    once,
  });
const CHARTS = { once: chartWith(true), again: chartWith(false) };
export type Chart = typeof CHARTS.once;
/** The chart of a variant. */
export const chartOf = ({ once }: Variant): Chart => (once ? CHARTS.once : CHARTS.again);

const FLAGS = [true, false];
/** All variants. */
export const VARIANTS: readonly Variant[] = FLAGS.flatMap((handshake) =>
  FLAGS.flatMap((queued) =>
    FLAGS.flatMap((finite) =>
      FLAGS.flatMap((once) =>
        FLAGS.map((autoConnect) => ({ handshake, queued, finite, once, autoConnect })),
      ),
    ),
  ),
);

/** A selection in which each option is on and off, alone and combined with others. */
export const DIVERSE_VARIANTS = VARIANTS.filter((variant) =>
  ['11100', '00111', '10010', '01001', '11011', '00100'].includes(
    Object.values(variant).map(Number).join(''),
  ),
);
