/** The sizes of what a chart consists of, in pixels. The server lays out with them, and the page draws with them. */

import type { ChartLabel, ChartLine, ChartNode } from './view.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Charts are written in a monospaced font of 12 px, and labels and notes in 11 px. */
const CHARACTER_WIDTH = 7.3;
const SMALL_CHARACTER_WIDTH = 6.7;
export const LINE_HEIGHT = 16;
export const LABEL_LINE_HEIGHT = 14;
/** Between two transitions of one edge, so that it is seen where one ends. */
export const LABEL_GAP = 4;
export const PADDING = 12;
export const FIRST_BASELINE = 17;
const DOT_SIZE = 10;
const HISTORY_SIZE = 26;
/** The characters for which there is space: after a name, after the name of a deadline, within a collapsed state. */
const CARET_CHARACTERS = 3;
const COUNTDOWN_CHARACTERS = 8;
export const COLLAPSED_CHARACTERS = 22;

const MARKS = { actor: '▸', deadline: '◷', event: '·' } as const;

const widthOf = (characters: number): number => Math.ceil(characters * CHARACTER_WIDTH);
const smallWidthOf = (text: string): number => Math.ceil(text.length * SMALL_CHARACTER_WIDTH);

/** What is drawn of a line below the name of a state. */
export const lineText = ({ kind, text, src }: ChartLine): string =>
  `${MARKS[kind]} ${text}${src === undefined ? '' : ` (${src})`}`;

/** The size of a state without the states in it. */
export function sizeOfState(
  node: Pick<ChartNode, 'kind' | 'key' | 'notes' | 'lines' | 'isCollapsed'>,
): Size {
  const { kind, key, notes, lines, isCollapsed } = node;
  if (kind === 'initial') return { width: DOT_SIZE, height: DOT_SIZE };
  if (kind === 'history') return { width: HISTORY_SIZE, height: HISTORY_SIZE };
  const isParent = kind === 'compound' || kind === 'parallel';
  const widths = [
    40,
    widthOf(key.length + (isParent ? CARET_CHARACTERS : 0)),
    ...notes.map(({ text }) => smallWidthOf(text)),
    ...lines.map((line) =>
      widthOf(lineText(line).length + (line.kind === 'deadline' ? COUNTDOWN_CHARACTERS : 0)),
    ),
    isCollapsed === true ? widthOf(COLLAPSED_CHARACTERS) : 0,
  ];
  const rows = 1 + notes.length + lines.length + (isCollapsed === true ? 1 : 0);
  return { width: Math.max(...widths) + 2 * PADDING, height: rows * LINE_HEIGHT + PADDING };
}

/** The size of all labels of an edge together. */
export const sizeOfLabels = (labels: readonly ChartLabel[]): Size => ({
  width: Math.max(0, ...labels.flatMap(({ lines }) => lines.map(smallWidthOf))) + 6,
  height:
    labels.reduce((rows, { lines }) => rows + lines.length, 0) * LABEL_LINE_HEIGHT +
    Math.max(0, labels.length - 1) * LABEL_GAP,
});
