/** What the machine's owner does, apart from the actors: those are all that the chart may invoke. */

import type { OnLink } from './actors.ts';
import type { ProtocolEvent } from './types.ts';

/** Owns a link from now on; the returned function gives it up. */
export function own({ link }: OnLink, sendBack: (event: ProtocolEvent) => void): () => void {
  link.forward((messages) => {
    sendBack({ type: 'MESSAGES', messages });
  });
  return () => {
    link.release();
  };
}
