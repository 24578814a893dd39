/** Translates the names of XState's own events between version 5, version 4 and words. */

import { isReserved, type OwnEvent, ownEventOf, typeOfOwnEvent } from './xstate.ts';

/** The translations so far: a machine has few names, and each is needed for every event. */
const v4Names = /* @__PURE__ */ new Map<string, string>();
/** Further names, such as those of thousands of actors, are translated anew each time. */
const MAX_V4_NAMES = 1_000;

/** XState 4's name of an XState 5 event. */
export function toV4Name(type: string): string {
  if (!isReserved(type)) return type;
  const known = v4Names.get(type);
  if (known !== undefined) return known;
  const own = ownEventOf(type);
  const name = own === undefined ? type : v4NameOf(own);
  if (v4Names.size < MAX_V4_NAMES) v4Names.set(type, name);
  return name;
}

function v4NameOf(event: OwnEvent): string {
  switch (event.kind) {
    case 'actorDone':
      return `done.invoke.${event.id}`;
    case 'actorFailed':
      return `error.platform.${event.id}`;
    case 'stateDone':
      return `done.state.${event.id}`;
    case 'after':
      return `xstate.after(${event.delay})#${event.id}`;
  }
}

const V4_NAME =
  /^(?:done\.invoke\.(?<actorDone>[^]+)|error\.platform\.(?<actorFailed>[^]+)|done\.state\.(?<stateDone>[^]*)|xstate\.after\((?<delay>.+?)\)#(?<after>[^]*))$/;

/** XState 5's name of an XState 4 event. */
export function toV5Name(type: string): string {
  const own = v4EventOf(V4_NAME.exec(type)?.groups ?? {});
  return own === undefined ? type : typeOfOwnEvent(own);
}

function v4EventOf(groups: Readonly<Record<string, string | undefined>>): OwnEvent | undefined {
  const { actorDone, actorFailed, stateDone, delay, after } = groups;
  if (actorDone !== undefined) return { kind: 'actorDone', id: actorDone };
  if (actorFailed !== undefined) return { kind: 'actorFailed', id: actorFailed };
  if (stateDone !== undefined) return { kind: 'stateDone', id: stateDone };
  if (delay === undefined || after === undefined) return undefined;
  return { kind: 'after', delay, id: after };
}

/** An event in words: `reader done`, `after connectTimeout`. */
export function inWords(type: string): string {
  const own = ownEventOf(type);
  switch (own?.kind) {
    case 'actorDone':
      return `${own.id} done`;
    case 'actorFailed':
      return `${own.id} failed`;
    case 'stateDone':
      return 'done';
    case 'after':
      return `after ${own.delay}`;
    case undefined:
      return type;
  }
}

/** The name of a guard or an action, which is a string, or an object or function with a name. */
export function nameOf(named: unknown, fallback: string): string {
  if (typeof named === 'string') return named;
  if ((typeof named !== 'object' && typeof named !== 'function') || named === null) return fallback;
  if ('type' in named && typeof named.type === 'string') return named.type;
  return 'name' in named && typeof named.name === 'string' && named.name !== ''
    ? named.name
    : fallback;
}
