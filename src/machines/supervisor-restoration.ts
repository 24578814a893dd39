/** What is stored of the actor of a supervisor, and how it is restored. */

import type { StateValue } from 'xstate';
import { ArgumentError, ConnectError } from '../core/errors.ts';
import { restoreError, saveError, type SavedError } from '../core/saved-error.ts';
import { memberOf, show } from '../core/shape.ts';
import type { Shutdown } from '../core/types.ts';
import type { Restoration } from './restorable.ts';
import { initialContext } from './supervisor-setup.ts';
import type {
  AddressSource,
  Beginning,
  Locator,
  ResumedAddress,
  ResumedInput,
  SavedAddress,
  SupervisorContext,
  SupervisorOutcome,
} from './supervisor-types.ts';

/** What is stored of an end. */
interface SavedEnd {
  readonly cause?: SavedError;
  readonly shutdown?: Shutdown;
}

/** What is stored of a context. */
interface SavedContext extends SavedAddress, SavedEnd {
  /** Where a restored actor begins. */
  readonly beginning: Beginning;
}

const BEGINNINGS: readonly unknown[] = [
  'CONNECTING',
  'STOPPED',
  'GIVEN_UP',
] satisfies readonly Beginning[];

/**
 * How the actors of such a machine are stored and restored: a supervisor goes on towards its address, or stays
 * STOPPED or GIVEN_UP.
 */
export const supervisorRestoration = (
  createLocator: (input: ResumedAddress | undefined) => Locator,
): Restoration<SupervisorContext, SupervisorOutcome> => ({
  lifeOf: ({ locator }) => locator,
  save: saveContext,
  inputFrom: inputFromSaved,
  inputOf: ({ locator, cause, shutdown }, value): ResumedInput => ({
    ...locator.again(),
    beginning: beginningAfter(value),
    cause,
    shutdown,
  }),
  endedContext: (outcome) => ({
    ...initialContext(createLocator(undefined), outcome),
    beginning: undefined,
  }),
  saveOutput: saveEnd,
  restoreOutput: restoreEnd,
});

function saveContext(
  { locator, cause, shutdown }: SupervisorContext,
  value: StateValue,
): SavedContext {
  return {
    beginning: beginningAfter(value),
    ...locator.save(),
    ...saveEnd({ cause, shutdown }),
  };
}

/** How the last session, or attempt, has ended. */
type End = Pick<Partial<SupervisorContext>, 'cause' | 'shutdown'>;

const saveEnd = ({ cause, shutdown }: End): SavedEnd => ({
  ...(cause && { cause: saveError(cause) }),
  ...(shutdown && { shutdown: { guest: shutdown.guest, reason: shutdown.reason } }),
});

function restoreEnd(saved: unknown): SupervisorOutcome {
  const cause = restoreError(memberOf(saved, 'cause'));
  const shutdown = restoreShutdown(memberOf(saved, 'shutdown'));
  return { ...(cause && { cause }), ...(shutdown && { shutdown }) };
}

/** An end on request stays one, and what was given up stays so; all else goes on. */
function beginningAfter(value: StateValue): Beginning {
  if (value === 'STOPPING' || value === 'STOPPED') return 'STOPPED';
  return value === 'GIVEN_UP' ? 'GIVEN_UP' : 'CONNECTING';
}

function inputFromSaved(saved: unknown): ResumedInput {
  const [beginning, address, lost] = ['beginning', 'address', 'lost'].map((name) =>
    memberOf(saved, name),
  );
  if (!isBeginning(beginning)) {
    throw new ArgumentError(
      `The snapshot is not one of a supervisor: it has ${show(saved)} as its context. Pass what ` +
        'getPersistedSnapshot() of its actor has returned',
    );
  }
  const isStuck = beginning === 'CONNECTING' && lost !== undefined;
  return {
    // The link of the connection checks it, as it does with every address.
    address: address as AddressSource | undefined,
    lost,
    ...restoreEnd(saved),
    ...(isStuck
      ? { beginning: 'GIVEN_UP', cause: new ConnectError('connection', lostAddress(lost)) }
      : { beginning }),
  };
}

const isBeginning = (value: unknown): value is Beginning => BEGINNINGS.includes(value);

function restoreShutdown(saved: unknown): Shutdown | undefined {
  const [guest, reason] = [memberOf(saved, 'guest'), memberOf(saved, 'reason')];
  return typeof guest === 'boolean' && typeof reason === 'string' ? { guest, reason } : undefined;
}

/** Why an actor that was restored has no address. */
export const lostAddress = (shown: unknown): ArgumentError =>
  new ArgumentError(
    `The address of the supervisor, ${typeof shown === 'string' ? shown : JSON.stringify(shown)}, was not stored: ` +
      'functions, streams and TLS options are not. Start a new actor with an input { address }',
  );
