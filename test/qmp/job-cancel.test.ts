/** job() that is given up: by its signal, or by its deadline. */

import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { TimeoutError } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { hasSettled, rejection } from '../support/signal.ts';
import { jobInfo, MIRROR, running, serve, settle } from './operation-support.ts';

expectIdleAfterEach();

describe('job() that is given up', () => {
  it('was not sent if its signal was aborted before', async () => {
    const { client, received } = await serve();
    const signal = AbortSignal.abort('early');
    expect(await rejection(client.job('blockdev-mirror', MIRROR, { signal }))).toBe('early');
    expect(received).toEqual([]);
    await client.disconnect();
  });

  it('is cancelled after the reply to its command, and rejects with the reason at its end', async () => {
    const served = await serve({ 'blockdev-mirror': () => undefined });
    const controller = new AbortController();
    const { signal } = controller;
    const job = served.client.job('blockdev-mirror', MIRROR, { signal });
    await settle();
    controller.abort('enough');
    await settle();
    expect(served.names()).toEqual(['blockdev-mirror']);
    await served.change('b', 'created', 'running');
    await served.reply('blockdev-mirror');
    expect(served.received.at(-1)).toMatchObject({ execute: 'job-cancel', arguments: { id: 'b' } });
    expect(await hasSettled(job)).toBe(false);
    served.answers['query-jobs'] = () => [jobInfo('b', 'concluded', 1, 100, 'Operation canceled')];
    await served.change('b', 'aborting', 'concluded');
    expect(await rejection(job)).toBe('enough');
    expect(served.names().at(-1)).toBe('job-dismiss');
    expect(served.clock.pending).toBe(0);
    await served.client.disconnect();
  });

  it('rejects with the reason if the command fails meanwhile: there is no job to cancel', async () => {
    const served = await serve({ 'blockdev-mirror': () => undefined });
    const controller = new AbortController();
    const job = served.client.job('blockdev-mirror', MIRROR, { signal: controller.signal });
    await settle();
    controller.abort('enough');
    const sent = served.received[0];
    served.monitor.send({ error: { class: 'GenericError', desc: 'no' }, id: sent?.id });
    expect(await rejection(job)).toBe('enough');
    expect(served.names()).toEqual(['blockdev-mirror']);
    await served.client.disconnect();
  });

  it('resolves if the job has succeeded before it could be cancelled', async () => {
    const controller = new AbortController();
    const served = await running({ signal: controller.signal });
    served.answers['job-cancel'] = () => undefined;
    controller.abort('too late');
    await settle();
    await served.end('waiting', 'pending');
    const cancel = served.received.find(({ execute }) => execute === 'job-cancel');
    served.monitor.send({ error: { class: 'GenericError', desc: 'no' }, id: cancel?.id });
    expect(await served.job).toMatchObject({ status: 'concluded', fraction: 1 });
    await served.client.disconnect();
  });

  it('does not wait for ever: the job is dismissed whenever it ends', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const served = await running({ signal, cancelTimeout: 500, onProgress: () => undefined });
    controller.abort('enough');
    await settle();
    await served.clock.pass(499);
    expect(await hasSettled(served.job)).toBe(false);
    await served.clock.pass(1);
    expect(await rejection(served.job)).toBe('enough');
    expect(served.clock.pending).toBe(0);
    await served.end('aborting');
    expect(served.names().at(-1)).toBe('job-dismiss');
    await served.client.disconnect();
  });

  it('waits 10 s by default', async () => {
    const controller = new AbortController();
    const served = await running({ signal: controller.signal });
    controller.abort('enough');
    await settle();
    await served.clock.pass(9_999);
    expect(await hasSettled(served.job)).toBe(false);
    await served.clock.pass(1);
    expect(await rejection(served.job)).toBe('enough');
    await served.client.disconnect();
  });

  it.each([
    [true, "blockdev-mirror: the job 'b' did not end within 50 ms, and was cancelled"],
    [
      false,
      "blockdev-mirror: the job 'b' did not end within 50 ms, and is not over another 10000 ms after it was to be cancelled",
    ],
  ])('rejects with a TimeoutError at its deadline (ends in time: %j)', async (ends, message) => {
    const served = await running({ timeout: 50 });
    await served.clock.pass(50);
    expect(served.names().at(-1)).toBe('job-cancel');
    if (ends) await served.end('aborting');
    else await served.clock.pass(10_000);
    const error = await rejection(served.job);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: 'job', ms: 50, message });
    expect(served.clock.pending).toBe(0);
    await served.client.disconnect();
  });

  it('leaves the cause for disconnect() when the session fails meanwhile', async () => {
    const controller = new AbortController();
    const served = await running({ signal: controller.signal });
    controller.abort('enough');
    await settle();
    served.monitor.peer.destroy();
    const { cause } = await served.client.closed;
    expect(await rejection(served.job)).toBe('enough');
    expect(await rejection(served.client.disconnect())).toBe(cause);
    expect(served.clock.pending).toBe(0);
  });

  it('has no listener left on its signal', async () => {
    const { signal } = new AbortController();
    const served = await running({ signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await served.end();
    await served.job;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await served.client.disconnect();
  });
});
