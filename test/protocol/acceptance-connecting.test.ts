/**
 * The unit tests AC-01 to AC-18 of QEMU's Python library, with this API: names, and failing
 * attempts.
 */

import { describe, expect, it, vi } from 'vitest';
import { AsyncProtocol, type Address, ConnectError, StateError } from '../../src/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { NullProtocol, nulls, recordingLogger } from '../support/null-protocol.ts';
import { hangingPeer } from '../support/peers.ts';
import { FAILED_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

/**
 * Calls that hang until they are aborted: connect() to a peer that never answers, accept() without
 * a peer.
 */
const HANGING = {
  connect: async (protocol: NullProtocol) => {
    const { address } = await hangingPeer();
    return (signal?: AbortSignal) => protocol.connect(address, { signal });
  },
  accept: async (protocol: NullProtocol) => {
    const path = `${await tempDir()}/socket`;
    await protocol.listen(path);
    return (signal?: AbortSignal) => protocol.accept({ signal });
  },
};

/** Listens and accepts, as `start_server_and_accept` in QEMU's Python library. */
async function listenAndAccept(protocol: NullProtocol, address: Address): Promise<void> {
  await protocol.listen(address);
  await protocol.accept();
}

async function expectConnectionFailure(attempt: (protocol: NullProtocol) => Promise<void>) {
  const protocol = new NullProtocol();
  const recording = recordRunstates(protocol);
  const error = await rejection(attempt(protocol));
  if (!(error instanceof ConnectError)) throw error;
  expect(error).toMatchObject({ phase: 'connection', code: 'ERR_CONNECT' });
  expect(error.message).toMatch(/^Failed to establish connection: /);
  expect(error.cause).toHaveProperty('syscall');
  expect(protocol.runstate).toBe('IDLE');
  expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
}

describe('a new protocol', () => {
  it('AC-01 shows its class and its state in its string form', () => {
    expect(String(new NullProtocol())).toBe('<NullProtocol runstate=IDLE>');
    expect(String(new AsyncProtocol({ codec: nulls }))).toBe('<AsyncProtocol runstate=IDLE>');
  });

  it('AC-02 is IDLE', () => {
    expect(new NullProtocol().runstate).toBe('IDLE');
  });

  it('AC-03 has no name by default', () => {
    expect(new NullProtocol().name).toBeUndefined();
  });

  it('AC-04 prints nothing without a logger', async () => {
    const spies = (['debug', 'info', 'warn', 'error'] as const).map((level) =>
      vi.spyOn(console, level),
    );
    const stderr = vi.spyOn(process.stderr, 'write');
    await rejection(new NullProtocol().connect('/dev/null'));
    for (const spy of [...spies, stderr]) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it('AC-05 shows its name, and logs its states and failures', async () => {
    const { logger, records } = recordingLogger();
    const protocol = new NullProtocol({ name: 'Steve', logger });
    expect(protocol.name).toBe('Steve');
    expect(String(protocol)).toBe("<NullProtocol name='Steve' runstate=IDLE>");
    const error = await rejection(protocol.connect('/dev/null'));
    expect(records).toEqual([
      'debug Steve: CONNECTING (session 1)',
      'debug Steve: DISCONNECTING (session 1)',
      `warn Steve: ${error instanceof Error ? error.message : ''}`,
      'debug Steve: IDLE (session 1)',
    ]);
  });

  it('AC-06 stays in IDLE on disconnect(), where the Python library passes through DISCONNECTING', async () => {
    // Deliberately different: otherwise a call without effect would resolve runstateChanged().
    const protocol = new NullProtocol();
    const changed = protocol.runstateChanged();
    await protocol.disconnect();
    expect(await hasSettled(changed)).toBe(false);
    expect(protocol.runstate).toBe('IDLE');
    expect(protocol.outcome).toBeUndefined();
  });
});

describe('an attempt that cannot succeed', () => {
  it('AC-07 rejects connect() to an invalid port with the reason, and is IDLE again', async () => {
    await expectConnectionFailure((protocol) => protocol.connect({ host: '127.0.0.1', port: 0 }));
  });

  it('AC-08 rejects connect() to a file that is not a socket with the reason, and is IDLE again', async () => {
    await expectConnectionFailure((protocol) => protocol.connect('/dev/null'));
  });

  it('AC-13 rejects listen() on a foreign address with the reason, and is IDLE again', async () => {
    const address = { host: '192.0.2.1', port: 1 };
    await expectConnectionFailure((protocol) => listenAndAccept(protocol, address));
  });

  it('AC-14 rejects listen() on a file that is not a socket with the reason, and is IDLE again', async () => {
    await expectConnectionFailure((protocol) => listenAndAccept(protocol, '/dev/null'));
  });
});

describe.each([
  { method: 'connect', cases: ['AC-09', 'AC-10', 'AC-11', 'AC-12'] },
  { method: 'accept', cases: ['AC-15', 'AC-16', 'AC-17', 'AC-18'] },
] as const)('a $method() that hangs', ({ method, cases }) => {
  const [aborted, timedOut, repeated, watchedLate] = cases;

  it(`${aborted} rejects with the very reason of its signal, and the protocol is IDLE again`, async () => {
    const protocol = new NullProtocol();
    const recording = recordRunstates(protocol);
    const controller = new AbortController();
    const attempt = (await HANGING[method](protocol))(controller.signal);
    await recording.until('CONNECTING');
    await turn();
    const reason = { any: 'value' };
    controller.abort(reason);
    expect(await rejection(attempt)).toBe(reason);
    expect(protocol.runstate).toBe('IDLE');
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
  });

  it(`${timedOut} rejects with the timeout of its signal`, async () => {
    const protocol = new NullProtocol();
    const recording = recordRunstates(protocol);
    const start = await HANGING[method](protocol);
    const signal = AbortSignal.timeout(1);
    const error = await rejection(start(signal));
    expect(error).toBe(signal.reason);
    expect(error).toMatchObject({ name: 'TimeoutError' });
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
  });

  it(`${repeated} rejects a second call with a StateError, and continues`, async () => {
    const protocol = new NullProtocol();
    const controller = new AbortController();
    const attempt = (await HANGING[method](protocol))(controller.signal);
    const path = `${await tempDir()}/other`;
    const second = method === 'connect' ? protocol.connect(path) : protocol.listen(path);
    const error = await rejection(second);
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({ state: 'CONNECTING', required: 'IDLE', code: 'ERR_STATE' });
    expect(error).toHaveProperty('message', 'NullProtocol is currently connecting.');
    expect(await hasSettled(attempt)).toBe(false);
    controller.abort();
    expect(await rejection(attempt)).toBe(controller.signal.reason);
  });

  it(`${watchedLate} shows the remaining states to a runstates() that is called late`, async () => {
    const protocol = new NullProtocol();
    const controller = new AbortController();
    const attempt = (await HANGING[method](protocol))(controller.signal);
    await turn();
    expect(protocol.runstate).toBe('CONNECTING');
    const recording = recordRunstates(protocol);
    controller.abort();
    expect(await recording.until('IDLE')).toEqual(['DISCONNECTING', 'IDLE']);
    expect(await rejection(attempt)).toBe(controller.signal.reason);
  });
});
