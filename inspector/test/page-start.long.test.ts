import { describePage, openPage } from './browser.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { COMPILED } from '../../test/support/compiled.ts';
import { activeState, rows, attached } from './setup.ts';

expectIdleAfterEach();

describePage('npm start -- --inspect', () => {
  test('prints the URL of an inspector, and runs slowly', { timeout: 90_000 }, async () => {
    const child = spawn(process.execPath, ['scripts/start.js', '--inspect'], {
      cwd: COMPILED,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    cleanUp(async () => {
      // It ends its QEMU then; a SIGKILL would leave it running.
      child.kill('SIGTERM');
      await exited;
    });
    const url = await new Promise<string>((resolve) => {
      // All output is read: the program would block on a full pipe.
      createInterface(child.stdout).on('line', (line) => {
        const printed = /inspector +(http:\S+)/.exec(line)?.[1];
        if (printed !== undefined) resolve(printed);
      });
    });
    const open = await openPage(url, { expectErrors: true });
    cleanUp(() => open.close());
    const { page } = open;
    // The script keeps each state long enough to be seen.
    await attached(activeState(page, 'protocol.IDLE'));
    await attached(activeState(page, 'protocol.CONNECTING.establishing'));
    await attached(
      page.locator('#chart .line.deadline[data-on]').filter({ hasText: 'handshakeTimeout' }),
    );
    await attached(activeState(page, 'protocol.RUNNING.open'));
    page.setDefaultTimeout(40_000);
    await attached(rows(page, /●RUNNING\.ending/));
    await attached(rows(page, /●IDLE.*after .* in DISCONNECTING/));
    // The inspector runs until the script is interrupted.
    child.kill('SIGINT');
    await exited;
    expect(child.exitCode).toBe(130);
  });
});
