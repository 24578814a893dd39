/** The machine of a QMP client, for embedding in another chart. */

import type { JsonObject } from '../../codecs/json.ts';
import type { ProtocolActorRef, ProtocolMachine } from '../../machines/protocol-machine.ts';
import type { QmpCommand } from '../types.ts';

/** The machine that `createQmpMachine()` returns. */
export type QmpMachine = ProtocolMachine<JsonObject, QmpCommand>;

/** A running actor of that machine. */
export type QmpActorRef = ProtocolActorRef<JsonObject, QmpCommand>;
