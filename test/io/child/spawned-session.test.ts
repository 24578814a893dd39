/** A session with a spawned child: how it begins, and how our side ends it. */

import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import {
  AsyncProtocol,
  ConnectError,
  createProtocolMachine,
  type Session,
  lines,
  ProcessError,
  spawnPeer,
} from '../../../src/index.ts';
import {
  readyProtocol,
  isAlive,
  node,
  killAfterTest,
  scripts,
  sessionWith,
  shell,
} from '../../support/children.ts';
import { createProtocol, expectIdleAfterEach, track } from '../../support/cleanup.ts';
import { inbox } from '../../support/peers.ts';
import { FAILED_RUNSTATES, SESSION_RUNSTATES, recordRunstates } from '../../support/runstates.ts';
import { hasSettled, rejection } from '../../support/signal.ts';

expectIdleAfterEach();

describe('connect() to a child', () => {
  it('establishes a session', async () => {
    const received = inbox();
    const protocol = createProtocol(received.definition);
    const recording = recordRunstates(protocol);
    const peer = shell(scripts.echo);
    await protocol.connect(peer.address);
    await protocol.send('hello');
    expect(await received.count(1)).toEqual(['hello']);
    await protocol.disconnect();
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(protocol.outcome).toEqual({ suppressed: [], undelivered: 0 });
    expect(isAlive(peer.pid)).toBe(false);
    expect(await peer.exited).toMatchObject({ exitCode: 0 });
  });

  it.each([
    ['with a handshake', readyProtocol],
    ['without a handshake', { codec: lines() }],
  ])('rejects when the program is missing, %s', async (_, definition) => {
    const protocol = createProtocol(definition);
    const recording = recordRunstates(protocol);
    const peer = killAfterTest(spawnPeer('/no/such/program'));
    const error = await rejection(protocol.connect(peer.address));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'connection', retryable: false });
    expect(error).toHaveProperty('cause', expect.any(ProcessError));
    expect(error).toMatchObject({ cause: { cause: { code: 'ENOENT' } } });
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
  });

  it('rejects when the program has been found to be missing before the call', async () => {
    const peer = killAfterTest(spawnPeer('/no/such/program'));
    await peer.exited;
    const error = await rejection(createProtocol({ codec: lines() }).connect(peer.address));
    expect(error).toMatchObject({ phase: 'connection', cause: { code: 'ERR_PROCESS' } });
  });

  it.each([
    ['exit 1', { exitCode: 1, signal: null }, true],
    ['exit 127', { exitCode: 127, signal: null }, false],
    ['kill -TERM $$', { exitCode: null, signal: 'SIGTERM' }, true],
  ])('rejects with its standard error when it ends before the greeting by %s', async (...row) => {
    const [script, end, retryable] = row;
    const protocol = createProtocol(readyProtocol);
    const peer = shell(`echo no such option >&2; ${script}`);
    const error = await rejection(protocol.connect(peer.address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'session', retryable });
    expect(error).toMatchObject({ cause: { ...end, stderr: 'no such option\n' } });
    expect(error).toHaveProperty('message', expect.stringMatching(/: no such option$/));
    expect(protocol.runstate).toBe('IDLE');
  });

  it.each(['exit 1', 'kill -KILL $$'])(
    'rejects when it ends before it has read everything: %s',
    async (script) => {
      const handshake = (session: Session<string>) => session.send('x'.repeat(4_000_000));
      const peer = shell(`head -c 1000 <&3 >/dev/null; ${script}`);
      const error = await rejection(
        createProtocol({ ...readyProtocol, handshake }).connect(peer.address),
      );
      expect(error).toMatchObject({ phase: 'session', cause: { code: 'ERR_PROCESS' } });
    },
  );

  it('rejects when it exits before the greeting, even with code 0', async () => {
    const error = await rejection(createProtocol(readyProtocol).connect(shell('exit 0').address));
    expect(error).toMatchObject({ phase: 'session', retryable: true });
    expect(error).toMatchObject({ cause: { code: 'ERR_CLOSED', cause: { exitCode: 0 } } });
  });

  it('rejects when it has exited before the call', async () => {
    const peer = shell('exit 2');
    await peer.exited;
    const error = await rejection(createProtocol(readyProtocol).connect(peer.address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', cause: { exitCode: 2 } });
  });

  it('establishes a session with a child that had sent the greeting before it exited', async () => {
    const peer = shell('echo ready >&3; exit 2');
    await peer.exited;
    const protocol = await sessionWith(peer);
    expect(await protocol.closed).toMatchObject({ cause: { exitCode: 2 } });
  });

  it.each(['deadline', 'disconnect()', 'signal'])('kills it when ended by a %s', async (how) => {
    const protocol = createProtocol(readyProtocol, {
      timeouts: { handshake: how === 'deadline' ? 1 : 1e5 },
    });
    const [peer, controller] = [shell('exec sleep 60'), new AbortController()];
    const connected = rejection(protocol.connect(peer.address, { signal: controller.signal }));
    if (how === 'disconnect()') await protocol.disconnect();
    if (how === 'signal') controller.abort('enough');
    await connected;
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
    await protocol.closed;
    expect(isAlive(peer.pid)).toBe(false);
  });

  it('kills it when the signal was aborted already', async () => {
    const peer = shell('exec sleep 60');
    const signal = AbortSignal.abort('before');
    expect(await rejection(createProtocol(readyProtocol).connect(peer.address, { signal }))).toBe(
      'before',
    );
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });
});

describe('disconnect()', () => {
  it.each([
    ['exits by itself', 'echo ready >&3; read x <&3; exit 7', { exitCode: 7 }],
    ['waits for a SIGTERM', scripts.exitsOnSigterm, { signal: 'SIGTERM' }],
    ['waits for a SIGKILL', scripts.exitsOnSigkill, { signal: 'SIGKILL' }],
    ['is stopped', 'echo ready >&3; kill -STOP $$', { signal: 'SIGKILL' }],
  ])('resolves when a child that %s has ended', async (_, script, end) => {
    const peer = shell(script, { timeouts: undefined });
    const protocol = await sessionWith(peer);
    await protocol.disconnect();
    expect(isAlive(peer.pid)).toBe(false);
    expect(protocol.outcome?.cause).toBeUndefined();
    expect(await peer.exited).toMatchObject(end);
  });

  it('kills a child whose deadlines are longer than those of the protocol', async () => {
    const peer = shell(scripts.exitsOnSigkill);
    const protocol = createProtocol(readyProtocol, { timeouts: { close: 500 } });
    await protocol.connect(peer.address);
    await protocol.disconnect();
    expect(isAlive(peer.pid)).toBe(false);
    expect(protocol.outcome).toMatchObject({ suppressed: [{ phase: 'close' }] });
  });

  it.each(['at once', 'during another disconnect()'])('with force kills it %s', async (when) => {
    const peer = shell(scripts.exitsOnSigkill);
    const protocol = await sessionWith(peer);
    const graceful = when === 'at once' ? undefined : protocol.disconnect();
    if (graceful !== undefined) expect(await hasSettled(graceful)).toBe(false);
    await protocol.disconnect({ force: true });
    await graceful;
    expect(isAlive(peer.pid)).toBe(false);
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it.each([false, true])('does not end a child that is kept (force: %s)', async (force) => {
    const program = "fs.writeSync(3, 'ready\\n'); fs.readSync(3, Buffer.alloc(9)); fs.closeSync(3)";
    const peer = node(program, { keep: true, stderr: 'ignore' });
    const protocol = await sessionWith(peer);
    await protocol.disconnect({ force });
    expect(isAlive(peer.pid)).toBe(true);
    expect(await hasSettled(peer.exited)).toBe(false);
  });
});

describe('an embedded machine', () => {
  it('kills the child when it is stopped', async () => {
    const peer = shell(scripts.exitsOnSigkill);
    const actor = createActor(createProtocolMachine(readyProtocol)).start();
    const protocol = track(AsyncProtocol.attach(actor));
    await protocol.connect(peer.address);
    actor.stop();
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });
});
