import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { lines } from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach, tempDir } from './cleanup.ts';
import { inbox, hangingPeer, pair, portOf, rawPeer } from './peers.ts';
import { FAILED_RUNSTATES, SESSION_RUNSTATES, recordRunstates } from './runstates.ts';
import { gate, hasSettled, rejection } from './signal.ts';
import { brokenStream, connectingSocket, countingStream, stalledStream } from './streams.ts';

expectIdleAfterEach();

describe('the helpers', () => {
  it('recordRunstates() returns the whole sequence up to a state', async () => {
    const { left, right } = await pair({ codec: lines() });
    const recording = recordRunstates(left);
    await left.disconnect();
    expect(await recording.until('DISCONNECTING')).toEqual(['DISCONNECTING']);
    expect(await recording.until('IDLE')).toEqual(['DISCONNECTING', 'IDLE']);
    await right.closed;
    expect([...SESSION_RUNSTATES].slice(2)).toEqual([...FAILED_RUNSTATES].slice(1));
  });

  it('tempDir() creates a new directory for each call', async () => {
    const [one, other] = await Promise.all([tempDir(), tempDir()]);
    expect(one).not.toBe(other);
    expect(existsSync(one)).toBe(true);
  });

  it('hangingPeer() has an address at which a dial hangs', async () => {
    const { address, peer } = await hangingPeer();
    const protocol = createProtocol({ codec: lines() });
    const connected = protocol.connect(address);
    await peer.connected;
    expect(await hasSettled(connected)).toBe(false);
    await Promise.all([rejection(connected), protocol.disconnect()]);
  });

  it('rawPeer() collects what it receives', async () => {
    const peer = await rawPeer();
    const socket = connect({ host: '127.0.0.1', port: portOf(peer) });
    socket.end('hello');
    await peer.receivedBytes(5);
    expect(peer.received()).toBe('hello');
    socket.destroy();
  });

  it('rawPeer() runs a script at a path', async () => {
    const path = `${await tempDir()}/socket`;
    const peer = await rawPeer((socket) => socket.end('bye'), { path });
    const socket = connect(peer.address as { path: string });
    const received: unknown[] = await once(socket, 'data');
    expect(String(received)).toBe('bye');
    expect(() => portOf(peer)).toThrow('no port');
    socket.destroy();
  });

  it('pair() connects two protocols, inbox() collects their messages', async () => {
    const received = inbox();
    const { left, right } = await pair(received.definition);
    await Promise.all([left.send('one'), right.send('two')]);
    expect(new Set(await received.count(2))).toEqual(new Set(['one', 'two']));
    await left.disconnect();
    await right.closed;
  });

  it('stalledStream() never completes a write', async () => {
    const stream = stalledStream();
    const written = gate();
    stream.write('x', () => {
      written.open();
    });
    expect(await hasSettled(written.opened)).toBe(false);
    stream.destroy();
  });

  it('brokenStream() fails with the given errors', async () => {
    const write = new Error('no writing');
    const stream = brokenStream({ write });
    stream.write('x');
    expect(await once(stream, 'error')).toEqual([write]);
    const final = new Error('no ending');
    const ending = brokenStream({ final });
    ending.end();
    expect(await once(ending, 'error')).toEqual([final]);
    const destroy = new Error('no destroying');
    const destroying = brokenStream({ destroy });
    destroying.destroy();
    expect(await once(destroying, 'error')).toEqual([destroy]);
  });

  it('countingStream() keeps each chunk', async () => {
    const { stream, chunks } = countingStream();
    stream.resume().write('one');
    stream.end('two');
    await once(stream, 'close');
    expect(chunks).toEqual(['one', 'two']);
  });

  it('connectingSocket() hangs until it emits connect', async () => {
    const socket = connectingSocket();
    const protocol = createProtocol({ codec: lines() });
    const connected = protocol.connect({ stream: socket });
    expect(await hasSettled(connected)).toBe(false);
    socket.emit('connect');
    await connected;
    await protocol.disconnect({ force: true });
    expect(socket.destroyed).toBe(true);
  });

  it('rejection() resolves with the error, and rejects when there is none', async () => {
    const error = new Error('it');
    expect(await rejection(Promise.reject(error))).toBe(error);
    await expect(rejection(Promise.resolve(1))).rejects.toThrow('resolved with 1');
  });
});
