/** Many recordings and reports in one program, and loggers that fail. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AsyncProtocol, lines, streamPair } from 'wirechart';
import { inspectTo, recordTo } from 'wirechart/inspect';
import { expect, it, onTestFinished } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { temporaryFolder } from './outlets.ts';
import { runProgram } from './support.ts';

it('makes forty recordings and reports without a warning of a leak', async () => {
  const folder = temporaryFolder();
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  onTestFinished(() => {
    process.off('warning', onWarning);
  });
  const before = process.listenerCount('exit') + process.listenerCount('beforeExit');
  const watchers = Array.from({ length: 20 }, (_, at) => [
    recordTo(join(folder, String(at))),
    inspectTo('http://127.0.0.1:1/?token=none'),
  ]).flat();
  const listeners = process.listenerCount('exit') + process.listenerCount('beforeExit');
  expect(listeners - before).toBeLessThanOrEqual(2);
  await Promise.all(watchers.map((watcher) => watcher.close()));
  expect(process.listenerCount('exit') + process.listenerCount('beforeExit')).toBe(before);
  await new Promise(setImmediate); // Warnings are emitted in a later turn.
  expect(warnings).toEqual([]);
});

it('writes the end of every recording when the process exits', async () => {
  const folder = temporaryFolder();
  const { code, stderr } = await runProgram(
    `
    import { recordTo } from 'wirechart/inspect';
    import { createActor, createMachine } from 'xstate';
    for (let at = 0; at < 12; at += 1) {
      const actor = createActor(createMachine({}));
      recordTo(process.env.FOLDER + '/' + at).inspect.attach(actor);
      actor.start().send({ type: 'END' });
    }
    process.exit(0);
  `,
    { env: { FOLDER: folder } },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(files).toHaveLength(12);
  for (const file of files) expect(file).toContain('"name\\":\\"END\\"');
});

it('ignores a logger, and an inspector, whose promise rejects', async () => {
  const { code, stdout, stderr } = await runProgram(`
    import { AsyncProtocol, lines, streamPair } from 'wirechart';
    const full = async () => { throw new Error('the disk is full'); };
    const loggers = [{ debug: full, info: full, warn: full, error: full }, full];
    for (const logger of loggers) {
      const protocol = new AsyncProtocol({ codec: lines() }, { name: 'vm1', logger, inspect: full });
      const [near, far] = streamPair();
      await protocol.connect({ stream: near });
      await protocol.send('hello');
      far.destroy();
      await protocol.closed;
    }
    console.log('done');
  `);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'done\n', stderr: '' });
});

it('reports an actor once, however often it is attached', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'trace.jsonl');
  const recording = recordTo(path);
  const { inspect } = recording;
  const protocol = new AsyncProtocol({ codec: lines() }, { name: 'vm1', inspect });
  const machine = createMachine({ id: 'mine' });
  const actor = createActor(machine, { id: 'mine', inspect });
  for (let at = 0; at < 100; at += 1) inspect.attach(actor);
  actor.start().send({ type: 'GO' });
  const [near, far] = streamPair();
  await protocol.connect({ stream: near });
  await protocol.disconnect({ force: true });
  far.destroy();
  actor.stop();
  await recording.close();
  const written = readFileSync(path, 'utf8').split('\n');
  const of = (type: string, text: string) =>
    written.filter((line) => line.includes(`"type":"${type}"`) && line.includes(text)).length;
  expect(of('service.register', '"id":"mine"')).toBe(1);
  expect(of('service.event', 'GO')).toBe(1);
  expect(of('service.register', '"id":"vm1"')).toBe(1);
});
