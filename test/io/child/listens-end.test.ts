/** How a session with a child that listens ends, and its stream. */

import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { AsyncProtocol, createProtocolMachine } from '../../../src/index.ts';
import { failure, isAlive, lineOf } from '../../support/children.ts';
import { createProtocol, expectIdleAfterEach, track } from '../../support/cleanup.ts';
import {
  ANY,
  freePath,
  isServed,
  listening,
  PATIENT,
  programs,
} from '../../support/listening-children.ts';
import { inbox } from '../../support/peers.ts';
import { turn } from '../../support/signal.ts';

expectIdleAfterEach();

describe('the end of a session with a child that listens', () => {
  const NODE_CLOSES = 'process.on("SIGTERM", () => process.exit(7));';

  it.each([
    ['exits at SIGTERM', `${NODE_CLOSES} ${programs.echo}`, { exitCode: 7 }],
    ['ignores SIGTERM', programs.ignoresSigterm, { signal: 'SIGKILL' }],
    ['never closes a connection', programs.neverCloses, { signal: 'SIGTERM' }],
  ])('by disconnect() ends a child that %s', async (_, program, exit) => {
    const peer = listening(await freePath(), program, { timeouts: undefined });
    const protocol = createProtocol(ANY, PATIENT);
    await protocol.connect(peer.address);
    await protocol.disconnect();
    expect(isAlive(peer.pid)).toBe(false);
    expect(protocol.outcome?.cause).toBeUndefined();
    expect(await peer.exited).toMatchObject(exit);
  });

  it('does not wait for timeouts.exit when the child has closed the connection', async () => {
    const peer = listening(await freePath(), programs.echo, { timeouts: { exit: Infinity } });
    const protocol = createProtocol(ANY, { timeouts: { connect: Infinity, close: Infinity } });
    await protocol.connect(peer.address);
    await protocol.disconnect();
    expect(await peer.exited).toMatchObject({ signal: 'SIGTERM' });
  });

  it('by disconnect() with force kills the child at once', async () => {
    const peer = listening(await freePath(), programs.ignoresSigterm);
    const protocol = createProtocol(ANY, PATIENT);
    await protocol.connect(peer.address);
    await protocol.disconnect({ force: true });
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(isAlive(peer.pid)).toBe(false);
  });

  it('by the child, which closes the connection only, ends the child, too', async () => {
    const program = 'net.createServer((socket) => socket.end("bye\\n")).listen(where)';
    const peer = listening(await freePath(), program);
    const received = inbox();
    const protocol = createProtocol(received.definition, PATIENT);
    await protocol.connect(peer.address);
    expect((await protocol.closed).cause).toMatchObject({ code: 'ERR_CLOSED', expected: false });
    expect(received.messages).toEqual(['bye']);
    expect(await peer.exited).toMatchObject({ signal: 'SIGTERM' });
  });

  it('by the death of the child has the death as its reason', async () => {
    const program =
      'net.createServer((socket) => socket.end("last\\n", () => process.exit(9))).listen(where)';
    const received = inbox();
    const protocol = createProtocol(received.definition, PATIENT);
    await protocol.connect(listening(await freePath(), program).address);
    expect((await protocol.closed).cause).toMatchObject({ code: 'ERR_PROCESS', exitCode: 9 });
    expect(received.messages).toEqual(['last']);
  });

  it('by a kill has the signal as its reason', async () => {
    const peer = listening(await freePath(), programs.echo);
    const protocol = createProtocol(ANY, PATIENT);
    await protocol.connect(peer.address);
    peer.kill('SIGKILL');
    expect((await protocol.closed).cause).toMatchObject({ signal: 'SIGKILL' });
  });

  it.each([false, true])('leaves a child that is kept (force: %s)', async (force) => {
    const where = await freePath();
    const peer = listening(where, programs.echo, { keep: true, stderr: 'ignore' });
    const protocol = createProtocol(ANY, PATIENT);
    await protocol.connect(peer.address);
    await protocol.disconnect({ force });
    expect(isAlive(peer.pid)).toBe(true);
    expect(await isServed(where)).toBe(true);
  });

  it('by the stop of its machine kills the child', async () => {
    const peer = listening(await freePath(), programs.ignoresSigterm);
    const actor = createActor(createProtocolMachine(ANY, PATIENT)).start();
    await track(AsyncProtocol.attach(actor)).connect(peer.address);
    actor.stop();
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });
});

describe('the stream of a child that listens', () => {
  it('takes what is written before there is a connection', async () => {
    const { stream } = listening(await freePath(), programs.lateEcho).address;
    stream.write('early\n');
    expect(await lineOf(stream)).toBe('early');
    stream.destroy();
    expect(await failure(stream)).toBeNull();
  });

  it('reports what is written before the child dies as not written', async () => {
    const { stream } = listening(await freePath(), 'process.exit(5)').address;
    const written = new Promise((resolve) => stream.write('lost', resolve));
    expect(await failure(stream)).toMatchObject({ exitCode: 5 });
    expect(await written).toMatchObject({ exitCode: 5 });
  });

  it('ends the child when it is ended before there is a connection', async () => {
    const peer = listening(await freePath(), programs.silent);
    while (peer.pid === undefined) await turn();
    peer.address.stream.end();
    expect(await peer.exited).toMatchObject({ signal: 'SIGTERM' });
    expect(await failure(peer.address.stream)).toBeNull();
  });
});
