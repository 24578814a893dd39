/** The example charts of a virtual machine and of a fleet, with a real QEMU. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createActor, waitFor } from 'xstate';
import { runFleet } from '../../examples/fleet.ts';
import { createVm, launchQemu, type VmInput } from '../../examples/vm.ts';
import { ProcessError, type SpawnedPeer } from '../../src/index.ts';
import { recordTo } from '../../src/inspect/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { describePeer } from '../support/real-peers.ts';

expectIdleAfterEach();

/** A machine without a guest, which does not react to the power button. */
const ARGS = ['-M', 'none', '-nodefaults', '-display', 'none', '-S'];

describePeer('qemu-system-x86_64', (qemu) => {
  function start(args: readonly string[] = ARGS) {
    const peers: SpawnedPeer[] = [];
    const launch = (input: VmInput) => {
      const peer = launchQemu(input);
      peers.push(peer);
      return peer;
    };
    const vm = createActor(createVm(launch), { id: 'vm', input: { qemu, args, powerOffMs: 100 } });
    cleanUp(() => vm.stop());
    return { vm: vm.start(), peers };
  }
  type Vm = ReturnType<typeof start>['vm'];
  const until = (vm: Vm, state: Parameters<ReturnType<Vm['getSnapshot']>['matches']>[0]) =>
    waitFor(vm, (snapshot) => snapshot.matches(state), { timeout: 15_000 });

  test('follows QEMU when it is switched on, paused, resumed and switched off', async () => {
    const { vm, peers } = start();
    vm.send({ type: 'POWER_ON' });
    await until(vm, { on: { up: 'running' } });
    vm.send({ type: 'PAUSE' });
    await until(vm, { on: { up: 'paused' } });
    vm.send({ type: 'RESUME' });
    await until(vm, { on: { up: 'running' } });
    vm.send({ type: 'POWER_OFF' });
    const { context } = await until(vm, 'off');
    expect(context.outcome?.cause).toBeUndefined();
    expect(await peers[0]?.exited).toMatchObject({ exitCode: 0, signal: null });
  });

  test('is crashed when QEMU is killed, keeps the cause, and can be switched on again', async () => {
    const { vm, peers } = start();
    vm.send({ type: 'POWER_ON' });
    await until(vm, { on: { up: 'running' } });
    peers[0]?.kill('SIGKILL');
    const crashed = await until(vm, 'crashed');
    const { cause } = crashed.context.outcome ?? {};
    expect(cause).toBeInstanceOf(ProcessError);
    expect(cause).toMatchObject({ signal: 'SIGKILL' });
    vm.send({ type: 'POWER_ON' });
    await until(vm, { on: { up: 'running' } });
    expect(peers.map(({ pid }) => pid)).toEqual([expect.any(Number), expect.any(Number)]);
    expect(peers[0]?.pid).not.toBe(peers[1]?.pid);
  });

  test('is crashed when QEMU does not start; the cause has the output of QEMU', async () => {
    const { vm } = start([...ARGS, '-no-such-option']);
    vm.send({ type: 'POWER_ON' });
    const { context } = await until(vm, 'crashed');
    const { cause } = context.outcome ?? {};
    expect(String(cause?.message)).toContain('no-such-option');
  });

  test('kills QEMU at once when its actor is stopped', async () => {
    const { vm, peers } = start();
    vm.send({ type: 'POWER_ON' });
    await until(vm, { on: { up: 'running' } });
    vm.stop();
    expect(await peers[0]?.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  test('kills QEMU when its guest has panicked, and is crashed', async () => {
    const { vm, peers } = start();
    vm.send({ type: 'POWER_ON' });
    await until(vm, { on: { up: 'running' } });
    const timestamp = { seconds: 1, microseconds: 2 };
    vm.send({ type: 'QMP.GUEST_PANICKED', data: { action: 'pause' }, timestamp });
    const { context } = await until(vm, 'crashed');
    expect(context.outcome?.cause).toMatchObject({ message: 'The guest has panicked' });
    expect(await peers[0]?.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  test('can be stored as JSON; restored, it is crashed, because its QEMU is gone', async () => {
    const { vm } = start();
    vm.send({ type: 'POWER_ON' });
    await until(vm, { on: { up: 'running' } });
    const stored = vm.getPersistedSnapshot();
    const read = JSON.parse(JSON.stringify(stored)) as typeof stored;
    expect(read).toMatchObject({ value: { on: { up: { running: 'idle' } } } });
    vm.stop();
    const input = { qemu, args: ARGS, powerOffMs: 100 };
    const restored = createActor(createVm(), { id: 'vm', input, snapshot: read });
    cleanUp(() => restored.stop());
    restored.start();
    const { context } = await until(restored, 'crashed');
    expect(String(context.outcome?.cause?.cause)).toContain('was not restored');
    restored.send({ type: 'POWER_ON' });
    await until(restored, { on: { up: 'running' } });
  });

  test('is one actor tree in the inspector: machine, monitor, loops', async () => {
    const file = join(await tempDir(), 'vm.jsonl');
    const recording = recordTo(file);
    const vm = createActor(createVm(), { id: 'vm', input: { qemu, args: ARGS, powerOffMs: 100 } });
    recording.inspect.attach(vm);
    vm.start();
    vm.send({ type: 'POWER_ON' });
    await until(vm, { on: { up: 'running' } });
    vm.stop();
    await recording.close();
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const messages = lines.map((line) => JSON.parse(line) as Readonly<Record<string, string>>);
    const parents = new Map(messages.map(({ id, parent }) => [id, parent]));
    const sessions = new Map(messages.map(({ sessionId, id }) => [sessionId, id]));
    const parentOf = (id: string) => sessions.get(parents.get(id));
    for (const { sessionId, id } of messages) if (id !== undefined) sessions.set(sessionId, id);
    expect(parentOf('monitor')).toBe('vm');
    expect(parentOf('reader')).toBe('monitor');
    expect(parentOf('writer')).toBe('monitor');
  });

  test(
    'a fleet starts, replaces a machine that was killed, and shuts down',
    { timeout: 60_000 },
    async () => {
      const printed: string[] = [];
      const input = { qemu, args: ARGS, powerOffMs: 200, count: 8 };
      const report = await runFleet(input, (text) => printed.push(text));
      expect(report).toMatchObject({ count: 8, crashes: 1 });
      const [before, after] = report.replaced;
      expect(before).toBeGreaterThan(0);
      expect(after).toBeGreaterThan(0);
      expect(after).not.toBe(before);
      expect(printed).toHaveLength(3);
    },
  );
});
