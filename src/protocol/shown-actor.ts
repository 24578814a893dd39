/** How errors name an actor that is not the one that was wanted. */

import { linkIn } from '../core/link-handle.ts';
import { memberOf, show } from '../core/shape.ts';

/** A short text for an actor of another machine, with what to do if it is one of a fake. Never throws. */
export function showActor(ref: unknown): string {
  const getSnapshot = memberOf(ref, 'getSnapshot');
  if (typeof getSnapshot !== 'function') return show(ref);
  const actor = `the actor ${quoted(memberOf(ref, 'id'))} of ${machineOf(ref)}`;
  const snapshot: unknown = Reflect.apply(getSnapshot, ref, []);
  if (linkIn(memberOf(snapshot, 'context')) !== undefined) return actor;
  return (
    `${actor}, which has no connection. A fake has states, tags and events only. A test that needs messages uses ` +
    'the machine itself, with the address of a ScriptedPeer, of a ScriptedQmpServer or of one end of streamPair()'
  );
}

function machineOf(ref: unknown): string {
  const id = memberOf(memberOf(ref, 'logic'), 'id');
  return id === undefined ? 'logic that is no machine' : `the machine ${quoted(id)}`;
}

const quoted = (name: unknown): string => `'${String(name)}'`;
