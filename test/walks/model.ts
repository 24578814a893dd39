/**
 * The lifecycle once more, by hand: what the statechart is to do, as a table that can be read in one go.
 *
 * It is written from the design, not from the machine, and imports nothing: the walks of this directory
 * give the same stimuli to both and compare all that can be seen, after each step.
 */

/** What is waited for on the outside. */
export type LinkMethod =
  'dial' | 'listen' | 'accept' | 'establish' | 'read' | 'write' | 'flush' | 'close' | 'destroy';
type Deadline = 'connect' | 'accept' | 'handshake' | 'flush' | 'close';
type Runstate = 'IDLE' | 'CONNECTING' | 'RUNNING' | 'DISCONNECTING';

/** What differs between machines, and does not change in the life of one. */
export interface World {
  /** Whether the protocol has a handshake. */
  readonly handshake: boolean;
  /** Whether something that was sent still waits for the kernel. */
  readonly queued: boolean;
  /** Whether deadlines pass. */
  readonly finite: boolean;
  /** Whether the machine was made for one session. */
  readonly once: boolean;
  /** Whether it was made to connect as soon as it starts. */
  readonly planned: boolean;
}

/** A place to rest in: what is public of it, what is at work, and the deadline that stands over it. */
interface Resting {
  readonly runstate: Runstate;
  readonly methods: readonly LinkMethod[];
  readonly deadline: Deadline | undefined;
}

const resting = (
  runstate: Runstate,
  methods: readonly LinkMethod[],
  deadline?: Deadline,
): Resting => ({
  runstate,
  methods,
  deadline,
});

// prettier-ignore
export const PLACES = {
  'IDLE':                          resting('IDLE',          []),
  'CONNECTING.dialing':            resting('CONNECTING',    ['dial'],                   'connect'),
  'CONNECTING.listening.binding':  resting('CONNECTING',    ['listen'],                 'connect'),
  'CONNECTING.listening.bound':    resting('CONNECTING',    []),
  'CONNECTING.accepting':          resting('CONNECTING',    ['accept'],                 'accept'),
  'CONNECTING.establishing':       resting('CONNECTING',    ['establish'],              'handshake'),
  'RUNNING.open':                  resting('RUNNING',       ['read', 'write']),
  'RUNNING.ending':                resting('RUNNING',       ['read', 'write']),
  'DISCONNECTING.flushing.twoway': resting('DISCONNECTING', ['read', 'write', 'flush'], 'flush'),
  'DISCONNECTING.flushing.oneway': resting('DISCONNECTING', ['write', 'flush'],         'flush'),
  'DISCONNECTING.closing':         resting('DISCONNECTING', ['close'],                  'close'),
  'DISCONNECTING.destroying':      resting('DISCONNECTING', ['destroy'],                'close'),
  'ENDED':                         resting('IDLE',          []),
} satisfies Record<string, Resting>;

export type Place = keyof typeof PLACES;
const isPlace = (name: string): name is Place => name in PLACES;
export const PLACE_NAMES = Object.keys(PLACES).filter(isPlace);

/** How a method fails: with any error, with a stream's end, or with an error that is no end. */
export const FAULTS = ['broken', 'reset', 'garbage'] as const;
export type Fault = (typeof FAULTS)[number];

export const COMMANDS = [
  'CONNECT',
  'LISTEN',
  'ACCEPT',
  'DISCONNECT',
  'DISCONNECT force',
  'ABORT',
  'EXPECT_END',
  'EXPECT_MORE',
  'FAIL',
  'MESSAGES',
] as const;
export type Command = (typeof COMMANDS)[number];

/** All that can happen to the machine. `late`: what was given up long ago settles after all. */
export type Stimulus =
  | Command
  | 'start'
  | `${LinkMethod} done`
  | `${LinkMethod} ${Fault}`
  | 'deadline'
  | 'late done'
  | 'late reset';

/** What is remembered. Errors are texts: `ConnectError(session): TimeoutError(handshake)`. */
export interface Model {
  readonly place: Place;
  /** Counts attempts. */
  readonly session: number;
  /** How far the attempt has got. */
  readonly phase: 'connection' | 'session';
  /** Whether the peer's end is expected. */
  readonly endExpected: boolean;
  readonly cause: string | undefined;
  readonly suppressed: readonly string[];
  /** How the last session ended. */
  readonly outcome: string | undefined;
  /** What was given up and has not settled yet. */
  readonly abandoned: readonly LinkMethod[];
}

/** An arrow: from where (a place, or all below a name), by what, if, to where, and what it means. */
type Row = readonly [from: string, on: string, when: When, to: Place | 'home' | '=', does: Deed];

// prettier-ignore
export const TABLE: readonly Row[] = [
  ['IDLE',                          'start',            'planned',      'CONNECTING.dialing',            'begin'],
  ['IDLE',                          'CONNECT',          '',             'CONNECTING.dialing',            'begin'],
  ['IDLE',                          'LISTEN',           '',             'CONNECTING.listening.binding',  'begin'],

  ['CONNECTING.dialing',            'dial done',        'handshake',    'CONNECTING.establishing',       'open stream'],
  ['CONNECTING.dialing',            'dial done',        'no handshake', 'RUNNING.open',                  ''],
  ['CONNECTING.dialing',            'dial failed',      '',             'DISCONNECTING.destroying',      'fail attempt'],
  ['CONNECTING.dialing',            'deadline',         'finite',       'DISCONNECTING.destroying',      'late attempt'],
  ['CONNECTING.listening.binding',  'listen done',      '',             'CONNECTING.listening.bound',    'tell address'],
  ['CONNECTING.listening.binding',  'listen failed',    '',             'DISCONNECTING.destroying',      'fail attempt'],
  ['CONNECTING.listening.binding',  'deadline',         'finite',       'DISCONNECTING.destroying',      'late attempt'],
  ['CONNECTING.listening.bound',    'ACCEPT',           '',             'CONNECTING.accepting',          ''],
  ['CONNECTING.accepting',          'accept done',      'handshake',    'CONNECTING.establishing',       'open stream'],
  ['CONNECTING.accepting',          'accept done',      'no handshake', 'RUNNING.open',                  ''],
  ['CONNECTING.accepting',          'accept failed',    '',             'DISCONNECTING.destroying',      'fail attempt'],
  ['CONNECTING.accepting',          'deadline',         'finite',       'DISCONNECTING.destroying',      'late attempt'],
  ['CONNECTING.establishing',       'establish done',   '',             'RUNNING.open',                  ''],
  ['CONNECTING.establishing',       'establish failed', '',             'DISCONNECTING.destroying',      'fail attempt'],
  ['CONNECTING.establishing',       'deadline',         'finite',       'DISCONNECTING.destroying',      'late attempt'],
  ['CONNECTING',                    'DISCONNECT',       '',             'DISCONNECTING.destroying',      'abort'],
  ['CONNECTING',                    'DISCONNECT force', '',             'DISCONNECTING.destroying',      'abort'],
  ['CONNECTING',                    'ABORT',            '',             'DISCONNECTING.destroying',      'abort for a reason'],
  ['CONNECTING',                    'FAIL',             '',             'DISCONNECTING.destroying',      'fail attempt'],

  ['RUNNING.open',                  'EXPECT_END',       '',             'RUNNING.ending',                'expect end'],
  ['RUNNING.ending',                'EXPECT_MORE',      '',             'RUNNING.open',                  'expect more'],
  ['RUNNING',                       'read done',        'queued',       'DISCONNECTING.flushing.oneway', 'end'],
  ['RUNNING',                       'read done',        'flushed',      'DISCONNECTING.closing',         'end'],
  ['RUNNING',                       'read failed',      '',             'DISCONNECTING.closing',         'fail'],
  ['RUNNING',                       'write failed',     '',             'DISCONNECTING.closing',         'fail'],
  ['RUNNING',                       'FAIL',             '',             'DISCONNECTING.closing',         'fail'],
  ['RUNNING',                       'DISCONNECT',       'queued',       'DISCONNECTING.flushing.twoway', ''],
  ['RUNNING',                       'DISCONNECT',       'flushed',      'DISCONNECTING.closing',         ''],
  ['RUNNING',                       'DISCONNECT force', '',             'DISCONNECTING.destroying',      ''],

  ['DISCONNECTING.flushing.twoway', 'read done',        '',             'DISCONNECTING.flushing.oneway', 'note end'],
  ['DISCONNECTING.flushing.twoway', 'read failed',      '',             'DISCONNECTING.closing',         'fail'],
  ['DISCONNECTING.flushing',        'write failed',     '',             'DISCONNECTING.closing',         'fail'],
  ['DISCONNECTING.flushing',        'flush done',       '',             'DISCONNECTING.closing',         ''],
  ['DISCONNECTING.flushing',        'flush failed',     '',             'DISCONNECTING.closing',         'fail'],
  ['DISCONNECTING.flushing',        'deadline',         'finite',       'DISCONNECTING.destroying',      'late'],
  ['DISCONNECTING.flushing',        'DISCONNECT force', '',             'DISCONNECTING.destroying',      ''],
  ['DISCONNECTING.closing',         'close done',       '',             'home',                          ''],
  ['DISCONNECTING.closing',         'close failed',     '',             'DISCONNECTING.destroying',      'fail'],
  ['DISCONNECTING.closing',         'deadline',         'finite',       'DISCONNECTING.destroying',      'note late'],
  ['DISCONNECTING.closing',         'DISCONNECT force', '',             'DISCONNECTING.destroying',      ''],
  ['DISCONNECTING.destroying',      'destroy done',     '',             'home',                          ''],
  ['DISCONNECTING.destroying',      'destroy failed',   '',             'home',                          'note'],
  ['DISCONNECTING.destroying',      'deadline',         'finite',       'home',                          'note late'],
  ['DISCONNECTING',                 'FAIL',             '',             '=',                             'fail'],
];

type When = keyof typeof CONDITIONS;
const CONDITIONS = {
  '': () => true,
  handshake: (world: World) => world.handshake,
  'no handshake': (world: World) => !world.handshake,
  queued: (world: World) => world.queued,
  flushed: (world: World) => !world.queued,
  finite: (world: World) => world.finite,
  planned: (world: World) => world.planned,
};

/** What an arrow means to what is remembered; `error` is what the stimulus carries. */
type Deed = keyof typeof DEEDS;
type Change = Partial<Model>;
const DEEDS = {
  '': (): Change => ({}),
  begin: ({ session }: Model): Change => ({ ...NOTHING, session: session + 1 }),
  'open stream': (): Change => ({ phase: 'session' }),
  'tell address': (): Change => ({}),
  'expect end': (): Change => ({ endExpected: true }),
  'expect more': (): Change => ({ endExpected: false }),

  abort: (model: Model) => failed(model, `ConnectError(${model.phase}) aborted`),
  'abort for a reason': (model: Model) =>
    failed(model, `ConnectError(${model.phase}) aborted: no longer wanted`),
  'fail attempt': (model: Model, error: string) =>
    failed(model, `ConnectError(${model.phase}): ${error}`),
  'late attempt': (model: Model) =>
    failed(model, `ConnectError(${model.phase}): ${timeoutIn(model)}`),

  // To a peer that was told to leave, its end is no failure, and neither is a stream that breaks.
  end: (model: Model) => (model.endExpected ? {} : failed(model, 'ClosedError')),
  fail: (model: Model, error: string) =>
    model.endExpected && isEnd(error) ? noted(model, typed(error)) : failed(model, typed(error)),
  late: (model: Model) => failed(model, timeoutIn(model)),
  note: (model: Model, error: string) => noted(model, typed(error)),
  'note end': (model: Model) => noted(model, 'ClosedError(expected)'),
  'note late': (model: Model) => noted(model, timeoutIn(model)),
};

const NOTHING = {
  phase: 'connection',
  endExpected: false,
  cause: undefined,
  suppressed: [],
} as const;

/** The first failure is the cause, and those that follow are kept with it. */
const failed = (model: Model, error: string): Change =>
  model.cause === undefined ? { cause: error } : noted(model, error);

const noted = (model: Model, error: string): Change =>
  isKnown(model, error) ? {} : { suppressed: [...model.suppressed, error] };

/** These are one and the same error wherever they turn up; all others are made anew each time. */
const SHARED = ['reset', 'garbage', 'unbearable'];
const isKnown = ({ cause, suppressed }: Model, error: string): boolean =>
  SHARED.includes(error) &&
  (cause === error || cause?.endsWith(`: ${error}`) === true || suppressed.includes(error));

/** No error reaches a user bare. */
const typed = (error: string): string => (error === 'broken' ? 'ClosedError: broken' : error);
const isEnd = (error: string): boolean => error === 'broken' || error === 'reset';
const timeoutIn = ({ place }: Model): string => `TimeoutError(${PLACES[place].deadline ?? 'none'})`;

/** A machine that was not started yet. */
export const UNBORN: Model = {
  place: 'IDLE',
  session: 0,
  ...NOTHING,
  outcome: undefined,
  abandoned: [],
};

/** One that has just been started. */
export const startOf = (world: World): Model => answerTo(world, UNBORN, 'start').model;

/** Where a stimulus leads, what is told of it, and the row that says so; none where it is refused. */
export interface Answer {
  readonly model: Model;
  readonly emitted: readonly string[];
  readonly row: number | undefined;
}

export function answerTo(world: World, model: Model, stimulus: Stimulus): Answer {
  const happened = kindOf(stimulus);
  const row = TABLE.findIndex(
    ([from, on, when]) => on === happened && isWithin(model.place, from) && CONDITIONS[when](world),
  );
  const found = TABLE[row];
  if (found === undefined) return refusal(model, stimulus);
  const [, , , to, does] = found;
  const changed = { ...model, ...DEEDS[does](model, carriedBy(stimulus)) };
  const next = arrived(changed, placeOf(to, model, world), stimulus);
  return { model: next, emitted: told(model, next, does), row };
}

/** Messages move nothing, and are heard as long as the machine lives. */
const refusal = (model: Model, stimulus: Stimulus): Answer => ({
  model: stimulus.startsWith('late ') ? { ...model, abandoned: [] } : model,
  emitted: stimulus === 'MESSAGES' && model.place !== 'ENDED' ? ['message'] : [],
  row: undefined,
});

const isWithin = (place: string, name: string): boolean =>
  place === name || place.startsWith(`${name}.`);

/** The table does not ask how a method failed. */
const kindOf = (stimulus: Stimulus): string => {
  const [method, fault] = stimulus.split(' ');
  return FAULTS.some((each) => each === fault) ? `${method ?? ''} failed` : stimulus;
};

const carriedBy = (stimulus: Stimulus): string =>
  stimulus === 'FAIL' ? 'unbearable' : (stimulus.split(' ')[1] ?? '');

const placeOf = (to: Row[3], { place }: Model, { once }: World): Place => {
  if (to === '=') return place;
  if (to === 'home') return once ? 'ENDED' : 'IDLE';
  return to;
};

/** What goes on over an arrow: `RUNNING` and `flushing` are left only for good. */
const workOf = (place: Place): string =>
  ['RUNNING', 'DISCONNECTING.flushing'].find((whole) => isWithin(place, whole)) ?? place;

const arrived = (model: Model, place: Place, stimulus: Stimulus): Model => {
  const { methods } = PLACES[place];
  const goesOn = workOf(model.place) === workOf(place);
  const left = PLACES[model.place].methods.filter(
    (method) => !stimulus.startsWith(`${method} `) && !(goesOn && methods.includes(method)),
  );
  const isOver = isWithin(model.place, 'DISCONNECTING') && !isWithin(place, 'DISCONNECTING');
  return {
    ...model,
    place,
    outcome: isOver ? outcomeOf(model) : model.outcome,
    abandoned: [...model.abandoned, ...left],
  };
};

const outcomeOf = ({ cause, suppressed }: Model): string =>
  [cause ?? 'as asked', ...suppressed].join(' + ');

const told = (before: Model, now: Model, does: Deed): string[] => {
  const { runstate } = PLACES[now.place];
  if (does === 'tell address') return ['listening'];
  if (runstate === PLACES[before.place].runstate) return [];
  const entered = `${runstate} ${String(now.session)}`;
  return runstate === 'IDLE' ? [`closed ${String(now.session)}`, entered] : [entered];
};

/** All that can happen, the useless commands included. */
export const possibleIn = ({ place, abandoned }: Model): Stimulus[] => [
  ...COMMANDS,
  ...PLACES[place].methods.flatMap((method): Stimulus[] => [
    // The writer never has done.
    ...(method === 'write' ? [] : [`${method} done` as const]),
    ...FAULTS.map((fault) => `${method} ${fault}` as const),
  ]),
  ...(PLACES[place].deadline === undefined ? [] : (['deadline'] as const)),
  ...(abandoned.length === 0 ? [] : (['late done', 'late reset'] as const)),
];
