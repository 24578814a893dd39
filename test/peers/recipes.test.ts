/** The programs in `examples/qmp`, which docs/qmp.md shows, do what they say. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { isAlive } from '../support/children.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { describeEachQemu, dialingMonitor, RealPeer, startQemu } from '../support/real-peers.ts';
import { Recipe, runRecipe } from '../support/recipes.ts';
import { turn } from '../support/signal.ts';

expectIdleAfterEach();

const MIB = 2 ** 20;
/** Some of the programs start ten machines, and the machines of CI are shared. */
const SLOW = { timeout: 60_000 };

describeEachQemu((qemu, version) => {
  const qemuImg = (...args: readonly string[]): string =>
    execFileSync(join(dirname(qemu), 'qemu-img'), args, { encoding: 'utf8' });

  /** A machine with a second monitor, to which the test is connected: one is for the recipe. */
  async function machine(...args: readonly string[]) {
    const directory = await tempDir();
    const [monitor, second] = [join(directory, 'qmp'), join(directory, 'qmp2')];
    const monitors = [monitor, second].flatMap((at) => ['-qmp', `unix:${at},server=on,wait=off`]);
    const minimal = ['-M', 'q35', '-display', 'none', '-nodefaults', '-S'];
    const peer = new RealPeer(qemu, [...minimal, ...args, ...monitors]);
    return { directory, monitor, peer, qmp: await peer.connect(second) };
  }
  const imageOf = async (): Promise<string> => {
    const disk = join(await tempDir(), 'disk.qcow2');
    qemuImg('create', '-q', '-f', 'qcow2', disk, '64M');
    return disk;
  };

  it('a full backup and an incremental one are together the disk', SLOW, async () => {
    const disk = await imageOf();
    const { directory, monitor, peer, qmp } = await machine(
      ...['-blockdev', `qcow2,node-name=disk0,file.driver=file,file.filename=${disk}`],
    );
    const [full, next] = [join(directory, 'full.qcow2'), join(directory, 'next.qcow2')];
    await qmp.hmp('qemu-io disk0 "write -P 1 0 8M"');
    expect(await runRecipe(qemu, 'full-backup', monitor, full)).toBe('');
    await qmp.hmp('qemu-io disk0 "write -P 2 16M 1M"');
    const printed = await runRecipe(qemu, 'incremental-backup', monitor, full, next);
    expect(printed.split('\r').at(-1)).toBe(`[${'#'.repeat(20)}]`);
    await qmp.execute('quit');
    await qmp.closed;
    expect(await peer.exited).toBe(0);
    expect(qemuImg('compare', disk, next)).toContain('identical');
    // The second one has only what was written since the first.
    expect(() => qemuImg('compare', disk, full)).toThrow('Command failed');
    const allocated = JSON.parse(qemuImg('info', '--output=json', next)) as object;
    expect(allocated).toHaveProperty(
      'actual-size',
      expect.toSatisfy((size) => size < 2 * MIB),
    );
  });

  it(
    'an incremental backup that is interrupted leaves nothing, and loses nothing',
    SLOW,
    async () => {
      const { directory, monitor, qmp } = await machine();
      const [last, next] = [join(directory, 'last.qcow2'), join(directory, 'next.qcow2')];
      qemuImg('create', '-q', '-f', 'qcow2', last, '1G');
      await qmp.execute('object-add', { 'qom-type': 'throttle-group', id: 'group' });
      const file = { driver: 'null-co', size: 1024 * MIB } as const;
      const throttle = { driver: 'throttle', 'throttle-group': 'group', file } as const;
      await qmp.execute('blockdev-add', { ...throttle, 'node-name': 'disk0' });
      await qmp.execute('block-dirty-bitmap-add', { node: 'disk0', name: 'backup0' });
      await qmp.hmp('qemu-io disk0 "write 0 1G"');
      // From now on, to read it takes a quarter of a minute. A job that is cancelled waits for what it is reading.
      const limits = {
        path: '/objects/group',
        property: 'limits',
        value: { 'bps-total': 64 * MIB },
      };
      await qmp.execute('qom-set', limits);
      const recipe = new Recipe(qemu, 'incremental-backup', monitor, last, next);
      await recipe.printed('[');
      recipe.interrupt();
      const { exit, stdout, stderr } = await recipe.ended;
      expect([exit, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/\]\ncancelled: the next backup will have all of it\n$/);
      expect(await qmp.execute('query-jobs')).toEqual([]);
      const nodes = await qmp.execute('query-named-block-nodes');
      expect(nodes.map((node) => node['node-name'])).not.toContain('backup');
      const disk = nodes.find((node) => node['node-name'] === 'disk0');
      expect(disk?.['dirty-bitmaps']).toMatchObject([{ name: 'backup0', count: 1024 * MIB }]);
      await qmp.disconnect();
    },
  );

  it('a guest is moved to another machine', SLOW, async () => {
    const lines = (await runRecipe(qemu, 'migrate')).trim().split('\n');
    expect(lines.at(-2)).toBe('100 % of the memory');
    expect(lines.at(-1)).toMatch(/^the guest runs at the target; it was stopped for \d+ ms$/);
  });

  it('a migration that is interrupted leaves the guest where it is', SLOW, async () => {
    const recipe = new Recipe(qemu, 'migrate', '50000');
    await recipe.printed('% of the memory');
    recipe.interrupt();
    const { exit, stdout, stderr } = await recipe.ended;
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/cancelled: at the source, it is running\n$/);
  });

  it('ten machines run until Ctrl-C, and then none is left', SLOW, async () => {
    const recipe = new Recipe(qemu, 'ten-vms');
    await recipe.printed('10 machines run\n');
    const machines = recipe.children();
    expect(machines).toHaveLength(10);
    recipe.interrupt();
    expect(await recipe.ended).toMatchObject({ exit: 0, stderr: '' });
    expect(machines.filter(isAlive)).toEqual([]);
  });

  it('a machine outlives its manager, and the next one finds it', SLOW, async () => {
    const directory = await tempDir();
    const first = await runRecipe(qemu, 'outlive', directory);
    const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
    cleanUp(() => isAlive(pid) && process.kill(pid, 'SIGKILL'));
    expect(first).toBe(`started it\nprocess ${String(pid)}: running\n`);
    const found = `found it\nprocess ${String(pid)}: running\n`;
    expect(await runRecipe(qemu, 'outlive', directory)).toBe(found);
    expect(await runRecipe(qemu, 'outlive', directory, 'quit')).toBe(found);
    // QEMU removes it when it exits.
    while (existsSync(join(directory, 'pid'))) await turn();
    const again = await runRecipe(qemu, 'outlive', directory, 'quit');
    expect(again).toMatch(/^started it\n/);
    while (existsSync(join(directory, 'pid'))) await turn();
  });

  it('a machine dials its manager, and dials the next one', SLOW, async () => {
    const path = join(await tempDir(), 'qmp.sock');
    const manage = () => new Recipe(qemu, 'redial', path);
    const first = manage();
    await first.printed('waiting for QEMU\n');
    startQemu(qemu, ...dialingMonitor(path, version));
    await first.printed('prelaunch\n');
    first.interrupt();
    expect(await first.ended).toEqual({
      exit: 0,
      stdout: 'waiting for QEMU\nprelaunch\n',
      stderr: '',
    });
    const second = manage();
    await second.printed('prelaunch\n');
    second.interrupt();
    expect(await second.ended).toMatchObject({ exit: 0, stderr: '' });
  });

  it('a disk that this process has opened is the disk of a machine', SLOW, async () => {
    const disk = join(await tempDir(), 'disk.raw');
    writeFileSync(disk, '');
    truncateSync(disk, MIB);
    const printed = await runRecipe(qemu, 'pass-descriptor', disk);
    expect(printed).toMatch(/^disk0 is \/dev\/fdset\/\d+: 1048576 bytes\n$/);
  });
});
