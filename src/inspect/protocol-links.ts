/** The links of protocol machines: what is shown of them, of their contexts and of their events. */

import { type Redacting, standIn } from '../core/redactors.ts';
import { memberOf } from '../core/shape.ts';
import { LinkWatches } from './link-watch.ts';
import type { Links, SystemLinks } from './links.ts';
import { linkOf, type Wiretap } from './wiretap.ts';
import { parentOf, snapshotOf, type WatchableActor } from './xstate.ts';

/** The most messages of an event that are shown. */
const MAX_MESSAGES = 100;

/** The links of the protocol machines of this package, in any of its copies. */
export class ProtocolLinks implements Links {
  readonly #wiretap: Wiretap;

  constructor(wiretap: Wiretap) {
    this.#wiretap = wiretap;
  }

  setReporting(isReporting: boolean): void {
    this.#wiretap.isReporting = isReporting;
  }

  shownContext(context: unknown): unknown {
    const link = linkOf({ status: 'active', context });
    return link === undefined ? context : Object.assign({}, context, { link });
  }

  shownEvent(event: unknown, actor: WatchableActor): unknown {
    if (!mayHaveMessages(event)) return event;
    const definition = definitionOf(actor);
    return definition?.redact === undefined ? event : withStandIns(event, definition);
  }

  ofSystem(): SystemLinks {
    return new LinkWatches(this.#wiretap);
  }
}

function mayHaveMessages(event: unknown): event is object {
  if (typeof event !== 'object' || event === null) return false;
  try {
    return 'message' in event || 'messages' in event;
  } catch {
    return true;
  }
}

/** The protocol of a protocol machine, or of the one that this actor does a part of. */
function definitionOf(asked: WatchableActor): Redacting | undefined {
  for (let actor: WatchableActor | undefined = asked; actor; actor = parentOf(actor)) {
    const snapshot = snapshotOf(actor);
    const link = snapshot && linkOf(snapshot);
    if (link !== undefined) return link.definition;
  }
  return undefined;
}

/** Replaces the messages in an event of a protocol by what is shown as its `redact()` says. */
function withStandIns(event: object, definition: Redacting): unknown {
  try {
    return replaceMessages(event, (message) => standIn(message, definition));
  } catch {
    return '[threw while it was read]';
  }
}

function replaceMessages(event: object, shown: (message: unknown) => object): object {
  const messages = memberOf(event, 'messages');
  if (Array.isArray(messages)) {
    const more = messages.length > MAX_MESSAGES ? ['[too large]'] : [];
    return { ...event, messages: [...messages.slice(0, MAX_MESSAGES).map(shown), ...more] };
  }
  return 'message' in event ? { ...event, message: shown(event.message) } : event;
}
