/** The page: panes that draw one model, at most once per frame. */

import type { ServerMessage } from '../shared/view.ts';
import { Announcer } from './announcer.ts';
import { Breakpoints } from './breakpoints.ts';
import { ChartPane } from './chart.ts';
import { Compare } from './compare.ts';
import { Coverage } from './coverage.ts';
import { CoverageCounts } from './coverage-counts.ts';
import { Detail } from './detail.ts';
import { Dock } from './dock.ts';
import { byId } from './dom.ts';
import { Follow, followText } from './follow.ts';
import { FramePacer } from './frame-pacer.ts';
import { GuardedPane, messageOf } from './guarded.ts';
import { Header } from './header.ts';
import { Keys } from './keys.ts';
import { Lanes } from './lanes.ts';
import { Model } from './model.ts';
import { Notice } from './notice.ts';
import { PageLink } from './page-link.ts';
import { takeToken } from './page-token.ts';
import { RecordingControls } from './recording-controls.ts';
import { replayButtons } from './replay.ts';
import { Sender } from './sender.ts';
import { ServerConnection } from './server-connection.ts';
import { Splitters } from './splitter.ts';
import { ThemeButton } from './theme.ts';
import { Timeline } from './timeline.ts';
import { Tree } from './tree.ts';
import { Welcome } from './welcome.ts';

const token = takeToken();
const splitters = new Splitters();
new ThemeButton();

const model = new Model((message) => {
  connection.send(message);
});
const select = (id: string): void => {
  model.selected = id;
};
const recordings = new RecordingControls(token ?? '');
const notice = new Notice();
const tree = new Tree(model, select);
const breakpoints = new Breakpoints(model);
const timeline = new Timeline(model, (entry) => {
  notice.show(breakpoints.addFor(entry));
});

const counts = new CoverageCounts(model);
const chart = new ChartPane(model, select, {
  coverageOf: (state) => counts.textOf(state),
  hasBreakpoint: (state) => breakpoints.hasState(state),
  toggleBreakpoint: (state) => {
    notice.show(breakpoints.toggleState(state));
  },
});
const coverage = new Coverage(model, counts, {
  select,
  showState: (state) => {
    chart.selectState(state);
  },
});

byId('count', HTMLElement).after(replayButtons(model));

/** The views of the dock. Only the shown one is drawn. */
const dock = new Dock({
  timeline,
  lanes: new Lanes(model),
  coverage,
  compare: new Compare(model, select),
  breakpoints,
});

const link = new PageLink(model, dock);
const announcer = new Announcer(model);
const follow = new Follow(model, (program) => {
  notice.show(followText(program));
  announcer.say(followText(program));
  tree.fold(program.restartOf ?? '', true);
});

const header = new Header(model, {
  goLive: () => {
    timeline.returnToLive();
  },
  say: (text) => {
    announcer.say(text);
  },
});

function receive(message: ServerMessage): void {
  try {
    model.receive(message);
    if (message.type === 'opening') recordings.onOpening(message);
    else if (message.type === 'hello') recordings.reset();
    else if (message.type === 'entry' && message.kind === 'state') {
      if (model.changeOf(message)?.from !== undefined) tree.count(message);
    }
  } catch (error) {
    header.countFailure(messageOf(error));
  }
}

const pacer = new FramePacer();

const connection = new ServerConnection(token, {
  onMessages: (messages) => {
    pacer.add(messages.length);
    for (const message of messages) receive(message);
  },
  onUnreadable: (error) => {
    header.countFailure(messageOf(error));
  },
  onChange: (state) => {
    header.connection = { state, wasOpen: model.epoch > 0 };
    model.connection = state === 'open' ? 'open' : 'connecting';
  },
});

const paneOf = (id: string): Element => {
  const root = byId(id, HTMLElement);
  return root.closest('.pane') ?? root;
};
const panes = [
  new GuardedPane(follow, byId('header', HTMLElement)),
  new GuardedPane(link, byId('header', HTMLElement)),
  new GuardedPane(tree, paneOf('tree'), () => !splitters.isClosed('left')),
  new GuardedPane(chart, paneOf('chart')),
  new GuardedPane(new Welcome(model, token), paneOf('welcome')),
  new GuardedPane(new Detail(model), paneOf('detail'), () => !splitters.isClosed('right')),
  new GuardedPane(new Sender(model), paneOf('sender')),
  new GuardedPane(dock, byId('dock', HTMLElement), () => !splitters.isClosed('bottom')),
  new GuardedPane(header, byId('header', HTMLElement)),
  new GuardedPane(announcer, byId('header', HTMLElement)),
];

/** Draws everything since the last frame at once. The browser calls it for visible tabs only. */
function frame(now: number): void {
  requestAnimationFrame(frame);
  if (pacer.isDue(now, recordings.isOpening)) for (const pane of panes) pane.draw();
}
requestAnimationFrame(frame);

const focusOn = (id: string) => () => {
  byId(id, HTMLElement).focus();
};
new Keys({
  model,
  goLive: () => {
    timeline.returnToLive();
  },
  step: (rows) => {
    timeline.step(rows);
  },
  stepToError: (direction) => {
    timeline.stepToError(direction);
  },
  stepToHit: (direction) => {
    timeline.stepToHit(direction);
  },
  close: () => {
    const wasShown = notice.isShown;
    notice.hide();
    return wasShown;
  },
  panes: [
    {
      section: paneOf('tree'),
      focus: () => {
        tree.focus();
      },
    },
    { section: paneOf('chart'), focus: focusOn('chart') },
    { section: paneOf('detail'), focus: focusOn('detail') },
    {
      section: byId('dock', HTMLElement),
      focus: () => {
        dock.focus();
      },
    },
  ],
});

for (const tab of document.querySelectorAll<HTMLButtonElement>('[data-tab]')) {
  tab.addEventListener('click', () => {
    document.body.setAttribute('data-pane', tab.dataset['tab'] ?? 'chart');
  });
}
