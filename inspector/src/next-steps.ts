/** What to do when the inspector runs, for a person who has not used it before. */

/** Three lines: for the browser, for programs with wirechart, and for any program with XState 5. */
export const nextSteps = (url: string): string =>
  [
    'Open it in a browser, and start your program in one of these ways:',
    `  with wirechart:     WIRECHART_INSPECT='${url}' node program.js`,
    `  with any XState 5:  inspectTo('${url}').inspect.attach(actor), from 'wirechart-inspect'`,
  ].join('\n');
