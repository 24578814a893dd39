/** Cleans up after each test, and asserts that its protocols returned to IDLE by themselves. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { AsyncProtocol, type ProtocolDefinition, type ProtocolOptions } from '../../src/index.ts';
import { expectNoHandles } from './handles.ts';

/** The part of a protocol that is used after a test. */
interface TrackedProtocol {
  readonly runstate: string;
  disconnect(options: { force: boolean }): Promise<void>;
}

const protocols: TrackedProtocol[] = [];
const cleanups: (() => unknown)[] = [];
const unhandled: unknown[] = [];

const onUnhandled = (error: unknown) => {
  unhandled.push(error);
};

/** Calls `run` after the test, when the protocols have been disconnected. */
export function cleanUp(run: () => unknown): void {
  cleanups.push(run);
}

/** Creates a protocol that must be IDLE at the end of the test. */
export function createProtocol<In, Out = In, Negotiated = void>(
  definition: ProtocolDefinition<In, Out, Negotiated>,
  options: ProtocolOptions = {},
): AsyncProtocol<In, Out, Negotiated> {
  return track(new AsyncProtocol(definition, options));
}

/** Tracks a protocol that the test has created: it must be IDLE at the end of the test. */
export function track<P extends TrackedProtocol>(protocol: P): P {
  protocols.push(protocol);
  return protocol;
}

/** Creates a private directory, which is removed after the test. */
export async function tempDir(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'wirechart-'));
  cleanUp(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * To be called once in a test file. Asserts after each test that every tracked protocol is IDLE,
 * that no rejection or exception was unhandled, and that no socket is open.
 */
export function expectIdleAfterEach(): void {
  beforeEach(() => {
    process.on('unhandledRejection', onUnhandled);
    process.on('uncaughtExceptionMonitor', onUnhandled);
  });
  afterEach(async () => {
    const runstates = protocols.map(({ runstate }) => runstate);
    await Promise.allSettled(protocols.splice(0).map((each) => each.disconnect({ force: true })));
    await Promise.all(cleanups.splice(0).map((run) => run()));
    await expectNoHandles();
    process.off('unhandledRejection', onUnhandled);
    process.off('uncaughtExceptionMonitor', onUnhandled);
    expect(unhandled.splice(0)).toEqual([]);
    expect(runstates.filter((runstate) => runstate !== 'IDLE')).toEqual([]);
  });
}
