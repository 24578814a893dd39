/** The machines that the walks are of, and what happens to them: as values of the real thing. */

import { ClosedError, CodecError, HandlerError } from '../../src/core/errors.ts';
import { createChart } from '../../src/machines/protocol.ts';
import type { ProtocolEvent } from '../../src/machines/protocol-types.ts';
import type { ProtocolDefinition } from '../../src/core/types.ts';
import { FakeLink, IdleLink } from '../machines/fake-link.ts';
import type { Command, Fault, World } from './model.ts';

/** One of each kind of error that a method fails with; the last is the one that FAIL brings. */
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

/** The link of a world. */
class WorldLink extends FakeLink {
  override readonly definition: ProtocolDefinition<string>;

  constructor({ handshake, queued, finite }: World) {
    const never = { connect: Infinity, accept: Infinity, handshake: Infinity };
    super(finite ? {} : { ...never, flush: Infinity, close: Infinity });
    this.definition = (handshake ? new FakeLink() : new IdleLink()).definition;
    this.isFlushed = !queued;
    this.undelivered = queued ? 3 : 0;
  }
}

/** The chart over the link of a world, with the plan of that world. */
export interface Input {
  readonly world: World;
  readonly link: FakeLink;
}
export const inputOf = (world: World): Input => ({ world, link: new WorldLink(world) });
const chartWith = (once: boolean) =>
  createChart(({ link }: Input) => link, {
    addressOf: ({ world }) => (world.planned ? ADDRESS : undefined),
    once,
  });
const CHARTS = { once: chartWith(true), again: chartWith(false) };
export type Chart = typeof CHARTS.once;
/** The machine of a world. */
export const chartOf = ({ once }: World): Chart => (once ? CHARTS.once : CHARTS.again);

const FLAGS = [true, false];
/** Every machine that there is. */
export const WORLDS: readonly World[] = FLAGS.flatMap((handshake) =>
  FLAGS.flatMap((queued) =>
    FLAGS.flatMap((finite) =>
      FLAGS.flatMap((once) =>
        FLAGS.map((planned) => ({ handshake, queued, finite, once, planned })),
      ),
    ),
  ),
);

/** Some in which each thing is so and is not so, alone and together with each other. */
export const UNLIKE_WORLDS = WORLDS.filter((world) =>
  ['11100', '00111', '10010', '01001', '11011', '00100'].includes(
    Object.values(world).map(Number).join(''),
  ),
);
