/** The page: panes that draw one model, at most once per frame. */

import type { ServerMessage } from '../shared/view.ts';
import { ChartPane } from './chart.ts';
import { Detail } from './detail.ts';
import { Dock } from './dock.ts';
import { byId, setAttribute, setText } from './dom.ts';
import { clockTime } from './format.ts';
import { GuardedPane, messageOf } from './guarded.ts';
import { Model } from './model.ts';
import { RecordingControls } from './recording-controls.ts';
import { Sender } from './sender.ts';
import { ServerConnection } from './server-connection.ts';
import { Timeline } from './timeline.ts';
import { Tree } from './tree.ts';

const token = new URLSearchParams(location.search).get('token') ?? '';

const connection = new ServerConnection(token, {
  onMessages: (messages) => {
    for (const message of messages) receive(message);
  },
  onChange: (status) => {
    model.connection = status;
  },
});
const model = new Model((message) => {
  connection.send(message);
});

/** Why a message could not be handled; the others are. */
let failure = '';

function receive(message: ServerMessage): void {
  try {
    model.receive(message);
  } catch (error) {
    failure = `Something is not shown: ${messageOf(error)}`;
  }
}

const select = (id: string): void => {
  model.selected = id;
};
const timeline = new Timeline(model);
/** The views of the dock. Only the shown one is drawn. */
const dock = new Dock({
  timeline,
});
const paneOf = (id: string): Element => {
  const root = byId(id, HTMLElement);
  return root.closest('.pane') ?? root;
};
const panes = [
  new GuardedPane(new Tree(model, select), paneOf('tree')),
  new GuardedPane(new ChartPane(model, select), paneOf('chart')),
  new GuardedPane(new Detail(model), paneOf('detail')),
  new GuardedPane(new Sender(model), paneOf('sender')),
  dock,
  new GuardedPane({ draw: drawHeader }, byId('header', HTMLElement)),
];

const live = byId('live', HTMLButtonElement);
const wire = byId('wire', HTMLInputElement);
const status = byId('connection', HTMLElement);
const search = byId('search', HTMLInputElement);
const STATUS_TEXTS = {
  connecting: 'Disconnected from the inspector; reconnecting …',
  open: '',
  refused:
    'Cannot connect to the inspector. Is it running? Use the URL that it printed, with its token.',
} as const;

live.addEventListener('click', () => {
  timeline.returnToLive();
});
wire.addEventListener('change', () => {
  model.request({ type: 'wire', on: wire.checked });
});
new RecordingControls(token);

function drawHeader(): void {
  const { isLive, moment } = model;
  const at = moment?.at === undefined ? 'Paused' : `At ${clockTime(moment.at)}`;
  setText(live, isLive ? 'Live' : `${at} – back to live`);
  setAttribute(live, 'aria-pressed', String(isLive));
  setAttribute(document.body, 'data-past', isLive ? undefined : '');
  if (wire.checked !== model.wire && document.activeElement !== wire) wire.checked = model.wire;
  setText(status, STATUS_TEXTS[model.connection] || failure);
}

/** Draws everything since the last frame at once. The browser calls it for visible tabs only. */
function frame(): void {
  requestAnimationFrame(frame);
  for (const pane of panes) pane.draw();
}
requestAnimationFrame(frame);

const KEYS: Readonly<Record<string, () => void>> = {
  '/': () => {
    search.focus();
  },
  l: () => {
    timeline.returnToLive();
  },
  j: () => {
    timeline.step(1);
  },
  k: () => {
    timeline.step(-1);
  },
};
document.addEventListener('keydown', (event) => {
  const { target } = event;
  if (event.key === 'Escape') {
    if (target instanceof HTMLElement) target.blur();
    timeline.returnToLive();
    return;
  }
  const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const run = KEYS[event.key];
  if (run === undefined) return;
  event.preventDefault();
  run();
});

for (const tab of document.querySelectorAll<HTMLButtonElement>('[data-tab]')) {
  tab.addEventListener('click', () => {
    document.body.setAttribute('data-pane', tab.dataset['tab'] ?? 'chart');
  });
}
