/** The work of the actor `owner`. In a file of its own: the chart may invoke every export of the actors'. */

import type { AnyActorRef } from 'xstate';
import { isAnnouncing, ON_START } from '../core/inner-definition.ts';
import { noteRelease } from '../core/link-handle.ts';
import type { OnLink, ProtocolEvent } from './protocol-types.ts';

/**
 * Forwards the link's messages to the machine, and what its definition announces. The returned function
 * releases the link.
 *
 * @param owner - The actor `owner`, whose parent is the machine's.
 */
export function lifetime(
  { link }: OnLink,
  sendBack: (event: ProtocolEvent) => void,
  owner: AnyActorRef,
): () => void {
  let isOver = false;
  const tell = (event: ProtocolEvent): void => {
    // XState would pass it on to an actor that was started again, whose link is another.
    if (!isOver) sendBack(event);
  };
  link.forward((messages) => {
    tell({ type: 'MESSAGES', messages });
  });
  if (isAnnouncing(link.definition)) {
    link.definition[ON_START]((expected) => {
      if (expected === false) tell({ type: 'EXPECT_MORE' });
      else tell({ type: 'EXPECT_END', ...(expected !== true && { shutdown: expected }) });
    }, owner._parent);
  }
  return () => {
    isOver = true;
    link.release();
    noteRelease(link);
  };
}
