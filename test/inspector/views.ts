/** Programs and actors as the page gets them. */

import type { ActorView, ProgramView } from '../../inspector/shared/view.ts';

/** A connected program. */
export const programView = (id: string, rest: Partial<ProgramView> = {}): ProgramView => ({
  type: 'program',
  id,
  name: id,
  pid: 1,
  source: 'live',
  control: false,
  ...rest,
});

/** An active machine without a state; its id begins with that of its program. */
export const actorView = (id: string, rest: Partial<ActorView> = {}): ActorView => ({
  type: 'actor',
  id,
  program: id.slice(0, id.indexOf('/')),
  name: id,
  kind: 'machine',
  chart: 'chart',
  start: 0,
  base: { at: 0, status: 'active', value: 'idle', context: null, event: '' },
  ...rest,
});
