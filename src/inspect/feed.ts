/** The feed of a Node program: reports all actor systems, and the messages of protocol machines. */

import { ActorFeed, now } from './actor-feed.ts';
import type { Sanitize } from './plain.ts';
import { ProtocolLinks } from './protocol-links.ts';
import { Wiretap } from './wiretap.ts';

export type { Inspect, Sink } from './actor-feed.ts';

/** Watches actor systems and sends what happens in them to its sinks. */
export class Feed extends ActorFeed {
  constructor(sanitize?: Sanitize) {
    super(sanitize, (publish) => new ProtocolLinks(new Wiretap(publish, now, sanitize)));
  }
}
