/** Saves a chart as shown: SVG, PNG or Mermaid text. */

import type { Chart } from '../shared/view.ts';
import { mermaidOf } from './chart-mermaid.ts';
import { html } from './dom.ts';

/** The properties that the style sheets set in a chart. */
const STYLES = [
  ...['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linejoin'],
  ...['paint-order', 'font-family', 'font-size', 'font-weight', 'font-style', 'opacity'],
  ...['marker-end', 'text-anchor', 'visibility'],
];
const PNG_SCALE = 2;
/** Browsers draw no larger canvas. */
const MAX_PNG_PIXELS = 16_000;
const PADDING = 12;

/** What is exported. */
export interface ExportedChart {
  readonly chart: Chart;
  readonly picture: SVGSVGElement;
  /** The first part of the file's name: the machine and the moment. */
  readonly name: string;
}

/** The chart as an SVG file that needs nothing else, with the colours of the page. */
function svgText({ chart, picture }: ExportedChart): string {
  const copy = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const [width, height] = [chart.width + 2 * PADDING, chart.height + 2 * PADDING];
  copy.setAttribute('viewBox', [-PADDING, -PADDING, width, height].join(' '));
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  const pane = getComputedStyle(picture.closest('.pane') ?? document.body).backgroundColor;
  const box = { x: -PADDING, y: -PADDING, width, height, fill: pane };
  for (const [name, value] of Object.entries(box)) ground.setAttribute(name, String(value));
  copy.append(ground);
  for (const child of picture.children) copy.append(styledCopy(child));
  return new XMLSerializer().serializeToString(copy);
}

function styledCopy(element: Element): Element {
  const copy = element.cloneNode(true);
  if (!(copy instanceof Element)) throw new TypeError('A copy of an element is an element');
  // Both are in document order.
  const [originals, copies] = [
    [element, ...element.querySelectorAll('*')],
    [copy, ...copy.querySelectorAll('*')],
  ];
  for (const [at, original] of originals.entries()) {
    const target = copies[at];
    if (target === undefined) continue;
    const style = getComputedStyle(original);
    for (const name of STYLES) target.setAttribute(name, style.getPropertyValue(name));
    for (const name of ['tabindex', 'role', 'aria-label', 'aria-expanded'])
      target.removeAttribute(name);
  }
  for (const unneeded of copy.querySelectorAll('.hit, .caret')) unneeded.remove();
  return copy;
}

/** The chart as a PNG file, with two pixels for each one of the chart. */
async function pngBlob(exported: ExportedChart): Promise<Blob> {
  const text = svgText(exported);
  const url = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
  const image = new Image();
  image.src = url;
  await image.decode().finally(() => {
    URL.revokeObjectURL(url);
  });
  const { width, height } = image;
  const scale = Math.min(PNG_SCALE, MAX_PNG_PIXELS / width, MAX_PNG_PIXELS / height);
  const canvas = html('canvas', {
    width: Math.ceil(width * scale),
    height: Math.ceil(height * scale),
  });
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('The chart is too large for a PNG file'));
      else resolve(blob);
    }, 'image/png');
  });
}

const FORMATS = {
  svg: (exported: ExportedChart) => new Blob([svgText(exported)], { type: 'image/svg+xml' }),
  png: pngBlob,
  mmd: ({ chart }: ExportedChart) => new Blob([mermaidOf(chart)], { type: 'text/plain' }),
} as const;

export type ExportFormat = keyof typeof FORMATS;

/** Saves a chart as a file. Rejects when the browser cannot make it. */
export async function saveChart(exported: ExportedChart, format: ExportFormat): Promise<void> {
  const blob = await FORMATS[format](exported);
  const url = URL.createObjectURL(blob);
  const link = html('a', { href: url, download: `${fileName(exported.name)}.${format}` });
  link.click();
  // The browser has read it by then.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}

/** A name without characters that some file system does not take. */
const fileName = (name: string): string =>
  name.replace(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 100) || 'chart';
