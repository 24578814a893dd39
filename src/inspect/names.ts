/** Translates the names of XState's own events between version 5, version 4 and words. */

import {
  eventWithPrefix,
  isReserved,
  type OwnEvent,
  ownEventOf,
  type Prefixes,
  typeOfOwnEvent,
} from './xstate.ts';

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

/** How XState 4's names of the events begin that end with an id. */
const V4_PREFIXES: Prefixes = {
  actorDone: 'done.invoke.',
  actorFailed: 'error.platform.',
  stateDone: 'done.state.',
};

const v4NameOf = (event: OwnEvent): string =>
  event.kind === 'after'
    ? `xstate.after(${event.delay})#${event.id}`
    : V4_PREFIXES[event.kind] + event.id;

/** XState 5's name of an XState 4 event. */
export function toV5Name(type: string): string {
  const own = v4EventOf(type);
  return own === undefined ? type : typeOfOwnEvent(own);
}

function v4EventOf(type: string): OwnEvent | undefined {
  const [, delay, id] = /^xstate\.after\((.+?)\)#([^]*)$/.exec(type) ?? [];
  if (delay === undefined || id === undefined) return eventWithPrefix(type, V4_PREFIXES);
  return { kind: 'after', delay, id };
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
