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

export const EVENTS: Record<Command, ProtocolEvent<string>> = {
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

  constructor({ handshake, queued, finite, handling, farewell, halfOpen }: Variant) {
    const infinite = { connect: Infinity, accept: Infinity, handshake: Infinity };
    super(finite ? {} : { ...infinite, drain: Infinity, flush: Infinity, close: Infinity });
    this.definition = (handshake ? new FakeLink() : new IdleLink()).definition;
    this.hasFarewell = farewell;
    this.isHandling = handling;
    this.allowHalfOpen = halfOpen;
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
const chartWith = (once: boolean, hasSession: boolean) =>
  createChart(({ link }: Input) => link, {
    addressOf: ({ variant }) => (variant.autoConnect ? ADDRESS : undefined),
    once,
    hasSession,
  });
const CHARTS = {
  once: chartWith(true, false),
  again: chartWith(false, false),
  onceWithSession: chartWith(true, true),
  againWithSession: chartWith(false, true),
};
export type Chart = typeof CHARTS.once;
/** The chart of a variant. */
export const chartOf = ({ once, session }: Variant): Chart => {
  if (session) return once ? CHARTS.onceWithSession : CHARTS.againWithSession;
  return once ? CHARTS.once : CHARTS.again;
};

/** The variant with the options whose letters are given. */
const variantOf = (letters: string): Variant => ({
  handshake: letters.includes('s'),
  queued: letters.includes('q'),
  finite: letters.includes('f'),
  once: letters.includes('o'),
  autoConnect: letters.includes('a'),
  handling: letters.includes('h'),
  farewell: letters.includes('w'),
  halfOpen: letters.includes('e'),
  session: letters.includes('r'),
});

/** All selections of letters. */
const selectionsOf = (...letters: string[]): string[] =>
  letters.reduce((sets, letter) => [...sets, ...sets.map((set) => set + letter)], ['']);

/** Selections of the options that decide about attempts, in which each is on and off. */
const DIVERSE = ['sqf', 'foa', 'so', 'qa', 'sqoa', 'f'];

/**
 * All variants of a protocol without messages under way, a farewell, half-open sessions and logic for the
 * session; and each selection of these four in diverse variants.
 */
export const VARIANTS: readonly Variant[] = [
  ...selectionsOf('s', 'q', 'f', 'o', 'a'),
  ...selectionsOf('h', 'w', 'e', 'r')
    .filter((letters) => letters !== '')
    .flatMap((letters) => DIVERSE.map((others) => others + letters)),
].map(variantOf);

/** A selection in which each option is on and off, alone and combined with others. */
export const DIVERSE_VARIANTS: readonly Variant[] = [
  ...DIVERSE,
  'sqfhw',
  'foah',
  'qawe',
  'fwe',
  'sqhe',
  'sqfr',
  'sqhr',
  'fowr',
  'er',
].map(variantOf);
