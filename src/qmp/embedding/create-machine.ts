/** Makes the machine of a QMP client. */

import { QmpClient } from '../client.ts';
import type { QmpMachine } from './machine.ts';
import type { QmpMachineOptions } from '../options.ts';

/**
 * Returns the machine of a QMP client, to be invoked or spawned in any XState 5 chart. It is the machine
 * of `createProtocolMachine()` with QMP's greeting and negotiation as its handshake. To execute
 * commands and listen to events, pass its actor to `QmpClient.attach()`.
 *
 * @param options - Not `clock` and `inspect`: those of the parent apply. `name` and
 *   `onListenerError` are those of the attached client, too.
 * @throws {ArgumentError} When an option is invalid.
 */
export const createQmpMachine = (options?: QmpMachineOptions): QmpMachine =>
  QmpClient.createMachine(options);
