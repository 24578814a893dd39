import { describePage } from './browser.ts';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AsyncProtocol, jsonLines, streamPair } from '../../src/index.ts';
import { inspectTo, recordTo } from '../../src/inspect/index.ts';
import { actorOf, nested } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach, tempDir, track } from '../../test/support/cleanup.ts';
import { startInspector } from '../src/index.ts';
import { actorRow, gone, lit, rows, shown, watch, type Watching } from './watching.ts';

expectIdleAfterEach();

const started = ({ inspection }: Watching) => {
  const actor = actorOf(nested);
  cleanUp(() => actor.stop());
  inspection.inspect.attach(actor);
  return actor.start();
};

describePage('sending an event from the page', () => {
  test('drives the machine, where control was asked for', async () => {
    const watching = await watch({ control: true });
    const { page } = watching;
    const actor = started(watching);
    await shown(lit(page, 'nested.off'));
    const offered = page.locator('#event-types option');
    await shown(page.locator('#event-types option[value=START]'));
    expect(await offered.count()).toBe(1);
    await page.locator('#event-type').fill('START');
    await page.locator('#event-data').fill('{"speed": 3}');
    await page.keyboard.press('Enter');
    await shown(lit(page, 'nested.on.slow'));
    await shown(rows(page, /→START\{"speed":3\}/));
    expect(actor.getSnapshot().value).toEqual({ on: 'slow' });
    await shown(page.locator('#event-types option[value=PAUSE]'));
  });

  test('tells what is wrong with data that are no object', async () => {
    const watching = await watch({ control: true });
    const { page } = watching;
    started(watching);
    await shown(lit(page, 'nested.off'));
    await page.locator('#event-type').fill('START');
    for (const [data, problem] of [
      ['{', 'JSON'],
      ['[1]', 'must be an object'],
    ] as const) {
      await page.locator('#event-data').fill(data);
      await page.locator('#sender button').click();
      await shown(page.locator('#event-problem').filter({ hasText: problem }));
    }
    expect(await rows(page, /→START/).count()).toBe(0);
  });

  test('is not offered where it is not allowed, nor in the past', async () => {
    const watching = await watch();
    started(watching);
    await shown(lit(watching.page, 'nested.off'));
    expect(await watching.page.locator('#sender').isVisible()).toBe(false);

    const controlled = await watch({ control: true });
    started(controlled);
    const sender = controlled.page.locator('#sender');
    await sender.waitFor({ state: 'visible' });
    await rows(controlled.page, 'started').click();
    await sender.waitFor({ state: 'hidden' });

    const refusing = await watch({ control: true });
    const inspection = inspectTo(refusing.inspector.url, { control: false });
    cleanUp(() => inspection.close());
    started({ ...refusing, inspection });
    await shown(lit(refusing.page, 'nested.off'));
    expect(await refusing.page.locator('#sender').isVisible()).toBe(false);
  });
});

describePage('the wire', () => {
  test('is shown when it is asked for, both ways, and no longer when it is not', async () => {
    const { page, inspection } = await watch();
    const [ours, theirs] = streamPair();
    const peer = track(new AsyncProtocol({ codec: jsonLines() }));
    const options = { name: 'line', inspect: inspection.inspect };
    const protocol = track(new AsyncProtocol({ codec: jsonLines() }, options));
    await peer.connect({ stream: theirs });
    await protocol.connect({ stream: ours });
    await shown(lit(page, 'protocol.RUNNING.open'));
    await protocol.send({ hidden: 1 });

    // The program hears of it some time later. What the machine does is told in order with its messages.
    let round = 0;
    const untilShown = async (isWanted: boolean) => {
      for (;;) {
        round += 1;
        await protocol.send({ round });
        protocol.expectEnd(round % 2 === 1);
        const event = round % 2 === 1 ? /→EXPECT_END/ : /→EXPECT_MORE/;
        await shown(rows(page, event).nth(Math.ceil(round / 2) - 1));
        const count = await rows(page, `{"round":${String(round)}}`).count();
        if (count > 0 === isWanted) return;
      }
    };

    await page.locator('#wire').check();
    await untilShown(true);
    await peer.send({ hello: '<b>' });
    await shown(rows(page, /⇠15 B\{"hello":"<b>"\}/));
    expect(await rows(page, 'hidden').count()).toBe(0);
    await page.locator('#show-message').uncheck();
    await gone(rows(page, '⇠'));

    await page.locator('#wire').uncheck();
    await page.locator('#show-message').check();
    await untilShown(false);
    await protocol.disconnect({ force: true });
    await shown(lit(page, 'protocol.IDLE'));
    await expect(peer.disconnect()).rejects.toThrow('ended');
  });
});

describePage('a recording', () => {
  test('is saved, opened elsewhere, and travelled as what was seen', async () => {
    const watching = await watch();
    const { page } = watching;
    const actor = started(watching);
    for (const type of ['START', 'FASTER', 'STOP']) actor.send({ type });
    await shown(rows(page, /●off.*in on\.fast/));
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('#save').click(),
    ]);
    const file = join(await tempDir(), download.suggestedFilename());
    await download.saveAs(file);
    expect(file).toMatch(/wirechart-.*\.jsonl$/);

    const other = await watch();
    await other.page.locator('#file').setInputFiles(file);
    await shown(other.page.locator('.program[data-source=recording]'));
    await shown(lit(other.page, 'nested.off'));
    await rows(other.page, /●on\.fast/).click();
    await shown(lit(other.page, 'nested.on.fast'));
    const edge = '[data-source="nested.on.slow"][data-target="nested.on.fast"]';
    await shown(other.page.locator(`.edge${edge}[data-taken]`));
  });

  test('of a program without an inspector is dropped on the page', async () => {
    const file = join(await tempDir(), 'trace.jsonl');
    const recording = recordTo(file, { name: 'offline' });
    const protocol = track(
      new AsyncProtocol({ codec: jsonLines() }, { name: 'vm7', inspect: recording.inspect }),
    );
    await expect(protocol.connect('/nowhere.sock')).rejects.toThrow('ENOENT');
    await recording.close();

    const { page } = await watch();
    const text = readFileSync(file, 'utf8');
    const transfer = await page.evaluateHandle((content) => {
      const data = new DataTransfer();
      data.items.add(new File([content], 'trace.jsonl'));
      return data;
    }, text);
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
    await actorRow(page, 'vm7').click();
    await shown(page.locator('.program').filter({ hasText: 'trace.jsonl' }));
    await shown(page.locator('#detail .error').filter({ hasText: 'ENOENT' }));
    await shown(rows(page, /●DISCONNECTING\.destroying/));
  });

  test('that is none is refused with the reason', async () => {
    const file = join(await tempDir(), 'holiday.jpg');
    writeFileSync(file, 'not a recording');
    const inspector = await startInspector();
    cleanUp(() => inspector.close());
    await expect(inspector.open('x', createReadStream(file, 'utf8'))).rejects.toThrow(TypeError);
    const { openPage } = await import('./browser.ts');
    const open = await openPage(inspector.url, { expectMistakes: true });
    cleanUp(() => open.close());
    await open.page.locator('#file').setInputFiles(file);
    const problem = open.page.locator('#open-problem');
    await shown(problem.filter({ hasText: 'holiday.jpg was not opened: It is no recording' }));
  });
});
