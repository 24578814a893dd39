/** The death of a spawned child during a session, and a child that closes its side. */

import { describe, expect, it } from 'vitest';
import { ClosedError, ProcessError } from '../../../src/index.ts';
import { readyProtocol, isAlive, node, sessionWith, shell } from '../../support/children.ts';
import { expectIdleAfterEach } from '../../support/cleanup.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../../support/runstates.ts';
import { gate, rejection, turn } from '../../support/signal.ts';

expectIdleAfterEach();

describe('the death of a child during a session', () => {
  it.each([
    ['a signal', 'SIGKILL', 'echo ready >&3; exec sleep 60', { exitCode: null, signal: 'SIGKILL' }],
    ['an exit code', 'SIGTERM', "trap 'exit 3' TERM; echo ready >&3; read x <&3", { exitCode: 3 }],
  ] as const)('by %s is the cause of the outcome', async (_, signal, script, end) => {
    const peer = shell(script);
    const protocol = await sessionWith(peer);
    const recording = recordRunstates(protocol);
    peer.kill(signal);
    const { cause } = await protocol.closed;
    expect(cause).toBeInstanceOf(ProcessError);
    expect(cause).toMatchObject(end);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES.slice(2));
    expect(await rejection(protocol.disconnect())).toBe(cause);
  });

  it('with exit code 0 is the cause, too, if it was not announced', async () => {
    const protocol = await sessionWith(shell('echo ready >&3; read x <&3; exit 0'));
    await protocol.send('go');
    const { cause } = await protocol.closed;
    expect(cause).toBeInstanceOf(ClosedError);
    expect(cause).toMatchObject({ cause: { code: 'ERR_PROCESS', exitCode: 0 } });
  });

  it('with exit code 0 is a clean end if it was announced', async () => {
    const protocol = await sessionWith(shell('echo ready >&3; read x <&3; exit 0'));
    protocol.expectEnd();
    await protocol.send('go');
    const { cause, suppressed } = await protocol.closed;
    expect(cause).toBeUndefined();
    expect(suppressed).toEqual([]);
    await protocol.disconnect();
  });

  it('with another exit code is the cause even if it was announced', async () => {
    const protocol = await sessionWith(shell('echo ready >&3; read x <&3; exit 4'));
    protocol.expectEnd();
    await protocol.send('go');
    expect(await protocol.closed).toMatchObject({ cause: { exitCode: 4 } });
  });

  it('is the cause even if the announced end of the stream precedes it', async () => {
    const program =
      "fs.writeSync(3, 'ready\\n'); fs.readSync(3, Buffer.alloc(9)); fs.closeSync(3);" +
      "process.on('SIGTERM', () => process.exit(5))";
    const peer = node(program);
    const protocol = await sessionWith(peer);
    const recording = recordRunstates(protocol);
    protocol.expectEnd();
    await protocol.send('go');
    await recording.until('DISCONNECTING');
    peer.kill();
    expect(await protocol.closed).toMatchObject({ cause: { exitCode: 5 } });
  });

  it.each([
    ['when the reader has taken a part of them', 20_000],
    ['when the reader has them all already', 100],
  ])('is reported after all its messages were handled, %s', async (_, count) => {
    const received: string[] = [];
    const [handling, resume] = [gate(), gate()];
    const onMessage = async (message: string) => {
      received.push(message);
      handling.open();
      await resume.opened;
    };
    const peer = shell(`echo ready >&3; seq ${String(count)} >&3; exit 6`);
    const protocol = await sessionWith(peer, { ...readyProtocol, onMessage });
    await handling.opened;
    await peer.exited;
    await turn();
    expect(protocol.runstate).toBe('RUNNING');
    resume.open();
    expect(await protocol.closed).toMatchObject({ cause: { exitCode: 6 } });
    expect(received).toHaveLength(count);
  });

  it('rejects the flush() that the handler awaits', async () => {
    const [handling, resume] = [gate(), gate()];
    const flushed = gate();
    const onMessage = async () => {
      handling.open();
      await resume.opened;
      await protocol.send('unread');
      await protocol.flush().catch(flushed.open);
    };
    const peer = shell('echo ready >&3; seq 20000 >&3; exit 6');
    const protocol = await sessionWith(peer, { ...readyProtocol, onMessage });
    await handling.opened;
    await peer.exited;
    resume.open();
    await flushed.opened;
    expect(await protocol.closed).toMatchObject({ cause: { exitCode: 6 }, undelivered: 1 });
  });
});

describe('a child that closes its side and runs on', () => {
  it('ends the session, and is terminated', async () => {
    const peer = shell('echo ready >&3; exec 3>&-; exec sleep 60', { timeouts: { exit: 1 } });
    const protocol = await sessionWith(peer);
    const { cause, suppressed } = await protocol.closed;
    expect(cause).toBeInstanceOf(ClosedError);
    expect({ cause: cause?.cause, suppressed }).toEqual({ cause: undefined, suppressed: [] });
    expect(isAlive(peer.pid)).toBe(false);
    expect(await peer.exited).toMatchObject({ signal: 'SIGTERM' });
  });

  it('makes sending fail, and is terminated', async () => {
    const program = "fs.writeSync(3, 'ready\\n'); fs.closeSync(3)";
    const peer = node(program, { timeouts: { exit: 1 } });
    const protocol = await sessionWith(peer);
    for (let sent = 0; protocol.runstate === 'RUNNING'; sent += 1) {
      await protocol.send('unread').catch(() => undefined);
      await protocol.flush().catch(() => undefined);
    }
    expect(await protocol.closed).toHaveProperty('cause', expect.any(ClosedError));
    expect(isAlive(peer.pid)).toBe(false);
  });
});
