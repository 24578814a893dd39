/**
 * A model of the lifecycle, written by hand: a table of what the statechart must do.
 *
 * It is written from the design, not from the machine, and imports nothing. The walks in this
 * directory give the same stimuli to the model and to the machine, and compare everything
 * observable after each step.
 */

/** The methods of the link that the machine waits for. */
// prettier-ignore
export type LinkMethod =
  | 'dial' | 'listen' | 'accept' | 'establish' | 'session' | 'read' | 'write'
  | 'drain' | 'farewell' | 'discard' | 'flush' | 'close' | 'destroy';
type Deadline = 'connect' | 'accept' | 'handshake' | 'drain' | 'flush' | 'close';
type Runstate = 'IDLE' | 'CONNECTING' | 'RUNNING' | 'DISCONNECTING';

/** The options in which machines differ. They do not change while a machine lives. */
export interface Variant {
  /** Whether the protocol has a handshake. */
  readonly handshake: boolean;
  /** Whether sent messages are still to be handed to the kernel. */
  readonly queued: boolean;
  /** Whether the handler of the last message has not finished. */
  readonly handling: boolean;
  /** Whether the protocol has a goodbye to say. */
  readonly farewell: boolean;
  /** Whether the session outlasts the peer's end. */
  readonly halfOpen: boolean;
  /** Whether the machine is one that runs logic for its session. */
  readonly session: boolean;
  /** Whether the deadlines are finite. */
  readonly finite: boolean;
  /** Whether the machine is made for a single session. */
  readonly once: boolean;
  /** Whether it connects as soon as it starts. */
  readonly autoConnect: boolean;
}

/** A stable state: its runstate, the methods that run in it, and its deadline. */
interface StateInfo {
  readonly runstate: Runstate;
  readonly methods: readonly LinkMethod[];
  readonly deadline: Deadline | undefined;
}

const state = (
  runstate: Runstate,
  methods: readonly LinkMethod[],
  deadline?: Deadline,
): StateInfo => ({
  runstate,
  methods,
  deadline,
});

// prettier-ignore
export const STATES = {
  'IDLE':                          state('IDLE',          []),
  'CONNECTING.dialing':            state('CONNECTING',    ['dial'],                   'connect'),
  'CONNECTING.listening.binding':  state('CONNECTING',    ['listen'],                 'connect'),
  'CONNECTING.listening.bound':    state('CONNECTING',    []),
  'CONNECTING.accepting':          state('CONNECTING',    ['accept'],                 'accept'),
  'CONNECTING.establishing':       state('CONNECTING',    ['establish'],              'handshake'),
  'RUNNING.open':                  state('RUNNING',       ['read', 'write']),
  'RUNNING.ending':                state('RUNNING',       ['read', 'write']),
  'RUNNING.halfOpen':              state('RUNNING',       ['write']),
  'DISCONNECTING.draining.handling': state('DISCONNECTING', ['write', 'drain'],       'drain'),
  'DISCONNECTING.draining.farewell': state('DISCONNECTING', ['write', 'farewell'],    'drain'),
  'DISCONNECTING.flushing.twoway': state('DISCONNECTING', ['discard', 'write', 'flush'], 'flush'),
  'DISCONNECTING.flushing.oneway': state('DISCONNECTING', ['write', 'flush'],         'flush'),
  'DISCONNECTING.closing':         state('DISCONNECTING', ['close'],                  'close'),
  'DISCONNECTING.destroying':      state('DISCONNECTING', ['destroy'],                'close'),
  'ENDED':                         state('IDLE',          []),
} satisfies Record<string, StateInfo>;

export type State = keyof typeof STATES;

/** The methods that run in a state. */
export const methodsIn = (state: State, { session }: Variant): readonly LinkMethod[] => {
  const { runstate, methods } = STATES[state];
  return session && runstate === 'RUNNING' ? [...methods, 'session'] : methods;
};
const isState = (name: string): name is State => name in STATES;
export const STATE_NAMES = Object.keys(STATES).filter(isState);

/**
 * How a method fails: with a foreign error, the end of the stream, or an error of ours that is no
 * end.
 */
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

/**
 * Everything that can happen to the machine. `late`: all calls that were aborted settle after all.
 */
export type Stimulus =
  | Command
  | 'start'
  | `${LinkMethod} done`
  | `${LinkMethod} ${Fault}`
  | 'deadline'
  | 'late done'
  | 'late reset';

/** The model's memory. Errors are texts: `ConnectError(session): TimeoutError(handshake)`. */
export interface Model {
  readonly state: State;
  /** The number of attempts so far. */
  readonly session: number;
  /** How far the attempt has got. */
  readonly phase: 'connection' | 'session';
  /** Whether the peer's end is expected. */
  readonly endExpected: boolean;
  readonly cause: string | undefined;
  readonly suppressed: readonly string[];
  /** How the last session ended. */
  readonly outcome: string | undefined;
  /** The methods whose calls were aborted and have not settled yet. */
  readonly aborted: readonly LinkMethod[];
}

/**
 * An arrow of the chart. `from` is a state or the name of a group of states. `to`: `=` is the same
 * state, and `over` is IDLE, or ENDED in a machine for a single session.
 */
type Row = readonly [
  from: string,
  on: string,
  when: When,
  to: State | 'over' | '=',
  effect: Effect,
];

// prettier-ignore
export const TABLE: readonly Row[] = [
  ['IDLE',                          'start',            'autoConnect',  'CONNECTING.dialing',            'begin'],
  ['IDLE',                          'CONNECT',          '',             'CONNECTING.dialing',            'begin'],
  ['IDLE',                          'LISTEN',           '',             'CONNECTING.listening.binding',  'begin'],

  ['CONNECTING.dialing',            'dial done',        'handshake',    'CONNECTING.establishing',       'open stream'],
  ['CONNECTING.dialing',            'dial done',        'no handshake', 'RUNNING.open',                  ''],
  ['CONNECTING.dialing',            'dial failed',      '',             'DISCONNECTING.destroying',      'fail attempt'],
  ['CONNECTING.dialing',            'deadline',         'finite',       'DISCONNECTING.destroying',      'time out attempt'],
  ['CONNECTING.listening.binding',  'listen done',      '',             'CONNECTING.listening.bound',    'emit address'],
  ['CONNECTING.listening.binding',  'listen failed',    '',             'DISCONNECTING.destroying',      'fail attempt'],
  ['CONNECTING.listening.binding',  'deadline',         'finite',       'DISCONNECTING.destroying',      'time out attempt'],
  ['CONNECTING.listening.bound',    'ACCEPT',           '',             'CONNECTING.accepting',          ''],
  ['CONNECTING.accepting',          'accept done',      'handshake',    'CONNECTING.establishing',       'open stream'],
  ['CONNECTING.accepting',          'accept done',      'no handshake', 'RUNNING.open',                  ''],
  ['CONNECTING.accepting',          'accept failed',    '',             'DISCONNECTING.destroying',      'fail attempt'],
  ['CONNECTING.accepting',          'deadline',         'finite',       'DISCONNECTING.destroying',      'time out attempt'],
  ['CONNECTING.establishing',       'establish done',   '',             'RUNNING.open',                  ''],
  ['CONNECTING.establishing',       'establish failed', '',             'DISCONNECTING.destroying',      'fail attempt'],
  ['CONNECTING.establishing',       'deadline',         'finite',       'DISCONNECTING.destroying',      'time out attempt'],
  ['CONNECTING',                    'DISCONNECT',       '',             'DISCONNECTING.destroying',      'abort'],
  ['CONNECTING',                    'DISCONNECT force', '',             'DISCONNECTING.destroying',      'abort'],
  ['CONNECTING',                    'ABORT',            '',             'DISCONNECTING.destroying',      'abort for a reason'],
  ['CONNECTING',                    'FAIL',             '',             'DISCONNECTING.destroying',      'fail attempt'],

  ['RUNNING.open',                  'EXPECT_END',       '',             'RUNNING.ending',                'expect end'],
  ['RUNNING.ending',                'EXPECT_END',       '',             '=',                             'expect end'],
  ['RUNNING.ending',                'EXPECT_MORE',      '',             'RUNNING.open',                  'expect more'],
  ['RUNNING.open',                  'read done',        'half open',    'RUNNING.halfOpen',              ''],
  ['RUNNING',                       'read done',        'queued',       'DISCONNECTING.flushing.oneway', 'end'],
  ['RUNNING',                       'read done',        'flushed',      'DISCONNECTING.closing',         'end'],
  ['RUNNING',                       'read failed',      '',             'DISCONNECTING.closing',         'fail'],
  ['RUNNING',                       'write failed',     '',             'DISCONNECTING.closing',         'fail'],
  ['RUNNING',                       'FAIL',             '',             'DISCONNECTING.closing',         'fail'],
  ['RUNNING',                       'session done',     'handling',     'DISCONNECTING.draining.handling', ''],
  ['RUNNING',                       'session done',     'farewell',     'DISCONNECTING.draining.farewell', ''],
  ['RUNNING',                       'session done',     'queued',       'DISCONNECTING.flushing.twoway', ''],
  ['RUNNING',                       'session done',     'flushed',      'DISCONNECTING.closing',         ''],
  ['RUNNING',                       'session failed',   '',             'DISCONNECTING.closing',         'fail'],
  ['RUNNING',                       'DISCONNECT',       'handling',     'DISCONNECTING.draining.handling', ''],
  ['RUNNING',                       'DISCONNECT',       'farewell',     'DISCONNECTING.draining.farewell', ''],
  ['RUNNING',                       'DISCONNECT',       'queued',       'DISCONNECTING.flushing.twoway', ''],
  ['RUNNING',                       'DISCONNECT',       'flushed',      'DISCONNECTING.closing',         ''],
  ['RUNNING',                       'DISCONNECT force', '',             'DISCONNECTING.destroying',      ''],

  ['DISCONNECTING.draining.handling', 'drain done',     'farewell',     'DISCONNECTING.draining.farewell', ''],
  ['DISCONNECTING.draining.handling', 'drain failed',   'farewell',     'DISCONNECTING.draining.farewell', 'note'],
  ['DISCONNECTING.draining',        'drain done',       'queued',       'DISCONNECTING.flushing.twoway', ''],
  ['DISCONNECTING.draining',        'drain done',       'flushed',      'DISCONNECTING.closing',         ''],
  ['DISCONNECTING.draining',        'drain failed',     'queued',       'DISCONNECTING.flushing.twoway', 'note'],
  ['DISCONNECTING.draining',        'drain failed',     'flushed',      'DISCONNECTING.closing',         'note'],
  ['DISCONNECTING.draining',        'farewell done',    'queued',       'DISCONNECTING.flushing.twoway', ''],
  ['DISCONNECTING.draining',        'farewell done',    'flushed',      'DISCONNECTING.closing',         ''],
  ['DISCONNECTING.draining',        'farewell failed',  'queued',       'DISCONNECTING.flushing.twoway', 'note'],
  ['DISCONNECTING.draining',        'farewell failed',  'flushed',      'DISCONNECTING.closing',         'note'],
  ['DISCONNECTING.draining',        'write failed',     '',             'DISCONNECTING.closing',         'fail'],
  ['DISCONNECTING.draining',        'deadline',         'finite',       'DISCONNECTING.flushing.twoway', 'note timeout'],
  ['DISCONNECTING.draining',        'DISCONNECT force', '',             'DISCONNECTING.destroying',      ''],
  ['DISCONNECTING.flushing.twoway', 'discard done',     '',             'DISCONNECTING.flushing.oneway', 'note end'],
  ['DISCONNECTING.flushing.twoway', 'discard failed',   '',             'DISCONNECTING.closing',         'fail'],
  ['DISCONNECTING.flushing',        'write failed',     '',             'DISCONNECTING.closing',         'fail'],
  ['DISCONNECTING.flushing',        'flush done',       '',             'DISCONNECTING.closing',         ''],
  ['DISCONNECTING.flushing',        'flush failed',     '',             'DISCONNECTING.closing',         'fail'],
  ['DISCONNECTING.flushing',        'deadline',         'finite',       'DISCONNECTING.destroying',      'time out'],
  ['DISCONNECTING.flushing',        'DISCONNECT force', '',             'DISCONNECTING.destroying',      ''],
  ['DISCONNECTING.closing',         'close done',       '',             'over',                          ''],
  ['DISCONNECTING.closing',         'close failed',     '',             'DISCONNECTING.destroying',      'fail'],
  ['DISCONNECTING.closing',         'deadline',         'finite',       'DISCONNECTING.destroying',      'note timeout'],
  ['DISCONNECTING.closing',         'DISCONNECT force', '',             'DISCONNECTING.destroying',      ''],
  ['DISCONNECTING.destroying',      'destroy done',     '',             'over',                          ''],
  ['DISCONNECTING.destroying',      'destroy failed',   '',             'over',                          'note'],
  ['DISCONNECTING.destroying',      'deadline',         'finite',       'over',                          'note timeout'],
  ['DISCONNECTING',                 'FAIL',             '',             '=',                             'fail'],
];

type When = keyof typeof CONDITIONS;
const CONDITIONS = {
  '': () => true,
  handshake: (variant: Variant) => variant.handshake,
  'no handshake': (variant: Variant) => !variant.handshake,
  handling: (variant: Variant) => variant.handling,
  farewell: (variant: Variant) => variant.farewell,
  'half open': (variant: Variant) => variant.halfOpen,
  queued: (variant: Variant) => variant.queued,
  flushed: (variant: Variant) => !variant.queued,
  finite: (variant: Variant) => variant.finite,
  autoConnect: (variant: Variant) => variant.autoConnect,
};

/** What an arrow changes in the model; `error` is the error of the stimulus. */
type Effect = keyof typeof EFFECTS;
type Change = Partial<Model>;
const EFFECTS = {
  '': (): Change => ({}),
  begin: ({ session }: Model): Change => ({ ...NOTHING, session: session + 1 }),
  'open stream': (): Change => ({ phase: 'session' }),
  'emit address': (): Change => ({}),
  'expect end': (): Change => ({ endExpected: true }),
  'expect more': (): Change => ({ endExpected: false }),

  abort: (model: Model) => failed(model, `ConnectError(${model.phase}) aborted`),
  'abort for a reason': (model: Model) =>
    failed(model, `ConnectError(${model.phase}) aborted: no longer wanted`),
  'fail attempt': (model: Model, error: string) =>
    failed(model, `ConnectError(${model.phase}): ${error}`),
  'time out attempt': (model: Model) =>
    failed(model, `ConnectError(${model.phase}): ${timeoutIn(model)}`),

  // Once the peer's end is expected, it is no failure, and neither is a broken stream.
  end: (model: Model) => (model.endExpected ? {} : failed(model, 'ClosedError')),
  fail: (model: Model, error: string) =>
    model.endExpected && isEnd(error) ? noted(model, typed(error)) : failed(model, typed(error)),
  'time out': (model: Model) => failed(model, timeoutIn(model)),
  note: (model: Model, error: string) => noted(model, typed(error)),
  'note end': (model: Model) => noted(model, 'ClosedError(expected)'),
  'note timeout': (model: Model) => noted(model, timeoutIn(model)),
};

const NOTHING = {
  phase: 'connection',
  endExpected: false,
  cause: undefined,
  suppressed: [],
} as const;

/** The first failure is the cause; later ones are suppressed. */
const failed = (model: Model, error: string): Change =>
  model.cause === undefined ? { cause: error } : noted(model, error);

const noted = (model: Model, error: string): Change =>
  isRecorded(model, error) ? {} : { suppressed: [...model.suppressed, error] };

/** These are always the same error object; every other error is a new object. */
const SHARED = ['reset', 'garbage', 'unbearable'];
const isRecorded = ({ cause, suppressed }: Model, error: string): boolean =>
  SHARED.includes(error) &&
  (cause === error || cause?.endsWith(`: ${error}`) === true || suppressed.includes(error));

/** A foreign error is wrapped. */
const typed = (error: string): string => (error === 'broken' ? 'ClosedError: broken' : error);
const isEnd = (error: string): boolean => error === 'broken' || error === 'reset';
const timeoutIn = ({ state }: Model): string => `TimeoutError(${STATES[state].deadline ?? 'none'})`;

/** The model of a machine that was not started yet. */
export const NOT_STARTED: Model = {
  state: 'IDLE',
  session: 0,
  ...NOTHING,
  outcome: undefined,
  aborted: [],
};

/** The model of a machine that has just been started. */
export const startOf = (variant: Variant): Model => answerTo(variant, NOT_STARTED, 'start').model;

/**
 * The model after a stimulus, the events it emits, and the row that applied; none when it is
 * refused.
 */
export interface Answer {
  readonly model: Model;
  readonly emitted: readonly string[];
  readonly row: number | undefined;
}

export function answerTo(variant: Variant, model: Model, stimulus: Stimulus): Answer {
  const kind = kindOf(stimulus);
  const row = TABLE.findIndex(
    ([from, on, when]) => on === kind && isWithin(model.state, from) && CONDITIONS[when](variant),
  );
  const found = TABLE[row];
  if (found === undefined) return refusal(model, stimulus);
  const [, , , to, effect] = found;
  const changed = { ...model, ...EFFECTS[effect](model, errorOf(stimulus)) };
  const next = entered(changed, stateOf(to, model, variant), stimulus, variant);
  return { model: next, emitted: emittedBy(model, next, effect), row };
}

/** MESSAGES changes nothing, and is emitted until the machine has ended. */
const refusal = (model: Model, stimulus: Stimulus): Answer => ({
  model: stimulus.startsWith('late ') ? { ...model, aborted: [] } : model,
  emitted: stimulus === 'MESSAGES' && model.state !== 'ENDED' ? ['message'] : [],
  row: undefined,
});

const isWithin = (state: string, name: string): boolean =>
  state === name || state.startsWith(`${name}.`);

/** The table does not distinguish how a method failed. */
const kindOf = (stimulus: Stimulus): string => {
  const [method, fault] = stimulus.split(' ');
  return FAULTS.some((each) => each === fault) ? `${method ?? ''} failed` : stimulus;
};

const errorOf = (stimulus: Stimulus): string =>
  stimulus === 'FAIL' ? 'unbearable' : (stimulus.split(' ')[1] ?? '');

const stateOf = (to: Row[3], { state }: Model, { once }: Variant): State => {
  if (to === '=') return state;
  if (to === 'over') return once ? 'ENDED' : 'IDLE';
  return to;
};

/** The groups of states between which the calls of common methods go on. */
const SCOPES = ['RUNNING', 'DISCONNECTING.draining', 'DISCONNECTING.flushing'];
const scopeOf = (state: State): string => SCOPES.find((group) => isWithin(state, group)) ?? state;

const entered = (model: Model, state: State, stimulus: Stimulus, variant: Variant): Model => {
  const methods = methodsIn(state, variant);
  const staysInScope = scopeOf(model.state) === scopeOf(state);
  const left = methodsIn(model.state, variant).filter(
    (method) => !stimulus.startsWith(`${method} `) && !(staysInScope && methods.includes(method)),
  );
  const isOver = isWithin(model.state, 'DISCONNECTING') && !isWithin(state, 'DISCONNECTING');
  return {
    ...model,
    state,
    outcome: isOver ? outcomeOf(model) : model.outcome,
    aborted: [...model.aborted, ...left],
  };
};

const outcomeOf = ({ cause, suppressed }: Model): string =>
  [cause ?? 'as asked', ...suppressed].join(' + ');

const emittedBy = (before: Model, now: Model, effect: Effect): string[] => {
  const { runstate } = STATES[now.state];
  if (effect === 'emit address') return ['listening'];
  if (runstate === STATES[before.state].runstate) return [];
  const entered = `${runstate} ${String(now.session)}`;
  return runstate === 'IDLE' ? [`closed ${String(now.session)}`, entered] : [entered];
};

/** All possible stimuli, including the commands that are refused. */
export const possibleIn = ({ state, aborted }: Model, variant: Variant): Stimulus[] => [
  ...COMMANDS,
  ...methodsIn(state, variant).flatMap((method): Stimulus[] => [
    // The writer never resolves.
    ...(method === 'write' ? [] : [`${method} done` as const]),
    ...FAULTS.map((fault) => `${method} ${fault}` as const),
  ]),
  ...(STATES[state].deadline === undefined ? [] : (['deadline'] as const)),
  ...(aborted.length === 0 ? [] : (['late done', 'late reset'] as const)),
];
