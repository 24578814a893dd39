/** When the writer passes a descriptor, over a stream whose writes the test completes. */

import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Stopper } from '../../src/async/stop-signal.ts';
import type { Passing, PassingStage } from '../../src/core/passing.ts';
import { Outbound } from '../../src/io/outbound.ts';
import { writeLoop } from '../../src/io/writer.ts';
import { turn } from '../support/signal.ts';

const LIMITS = { maxMessageBytes: Infinity, highWaterMark: Infinity, maxQueuedBytes: Infinity };

type Done = (error?: Error | null) => void;

/** Records what is written; a write is complete when the test calls `finish()`. */
class Sink extends Duplex {
  readonly log: string[];
  #done: Done | undefined;

  constructor(log: string[]) {
    super({ writableHighWaterMark: 2 ** 20 });
    this.log = log;
  }

  async finish(): Promise<void> {
    const done = this.#done;
    this.#done = undefined;
    done?.();
    await turn();
  }

  override _read(): void {
    // Nothing is read.
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: Done): void {
    this.log.push(chunk.toString());
    this.#done = done;
  }
}

/** A descriptor that finds the socket full so many times. */
class FakePassing implements Passing {
  stage: PassingStage = 'waiting';
  readonly #log: string[];
  readonly #name: string;
  #full: number;

  constructor(log: string[], name: string, full = 0) {
    this.#log = log;
    this.#name = name;
    this.#full = full;
  }

  queue(): Promise<void> {
    this.stage = 'queued';
    return Promise.resolve();
  }

  pass(): PassingStage {
    if (this.stage !== 'queued') return this.stage;
    this.#full -= 1;
    if (this.#full >= 0) this.#log.push(`${this.#name}: full`);
    else this.stage = 'passed';
    if (this.stage === 'passed') this.#log.push(`${this.#name}: passed`);
    return this.stage;
  }

  drop(): void {
    this.stage = 'dropped';
  }
}

function start() {
  const log: string[] = [];
  const stream = new Sink(log);
  const outgoing = new Outbound(LIMITS);
  const signal = new Stopper();
  writeLoop(stream, outgoing, signal).catch(() => undefined);
  const pass = (name: string, full?: number) => {
    const passing = new FakePassing(log, name, full);
    void outgoing.pushWith(`${name}\n`, passing);
    return passing;
  };
  return { log, stream, outgoing, pass };
}

describe('the writer', () => {
  it('passes a descriptor right before its message, which is a batch of its own', async () => {
    const { log, stream, outgoing, pass } = start();
    pass('a');
    void outgoing.push('after\n');
    await turn();
    expect(log).toEqual(['a: passed', 'a\n']);
    await stream.finish();
    expect(log.slice(2)).toEqual(['after\n']);
  });

  it('passes none while the stream holds bytes back', async () => {
    const { log, stream, outgoing, pass } = start();
    void outgoing.push('before\n');
    await turn();
    pass('a');
    expect(log).toEqual(['before\n']);
    await stream.finish();
    expect(log.slice(1)).toEqual([' ']);
    await stream.finish();
    expect(log.slice(2)).toEqual(['a: passed', 'a\n']);
  });

  it('waits for a full socket by a blank each time, and lets nothing pass meanwhile', async () => {
    const { log, stream, outgoing, pass } = start();
    pass('a', 2);
    pass('b');
    void outgoing.push('after\n');
    await turn();
    expect(log).toEqual(['a: full', ' ']);
    await stream.finish();
    expect(log.slice(2)).toEqual(['a: full', ' ']);
    await stream.finish();
    expect(log.slice(4)).toEqual(['a: passed', 'a\n']);
    for (let write = 0; write < 4; write += 1) await stream.finish();
    expect(log.slice(6).filter((text) => text !== ' ')).toEqual(['b: passed', 'b\n', 'after\n']);
    expect(outgoing.undelivered).toBe(0);
  });

  it('skips those that are dropped, and counts them as no message', async () => {
    const { log, stream, outgoing, pass } = start();
    void outgoing.push('before\n');
    await turn();
    const dropped = [pass('a'), pass('b')];
    void outgoing.push('after\n');
    const flushed = outgoing.flushed();
    for (const passing of dropped) passing.drop();
    for (let write = 0; write < 3; write += 1) await stream.finish();
    expect(log.filter((text) => text !== ' ')).toEqual(['before\n', 'after\n']);
    await flushed;
    expect(outgoing.queued).toEqual({ bytes: 0, messages: 0 });
  });

  it('drops those that are queued when the session ends', () => {
    const { stream, outgoing, pass } = start();
    stream.write('busy');
    const passing = pass('a');
    outgoing.settle(() => new Error('over'));
    expect(passing.stage).toBe('dropped');
  });
});
