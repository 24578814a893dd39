/**
 * Prints each test that failed, with its first error, from a report of Vitest in JSON.
 *
 *   tsx scripts/failures.ts REPORT
 */

import { readFileSync } from 'node:fs';

interface Report {
  readonly testResults?: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

const LINES = 6;
const firstLines = (text: string): string =>
  text
    .split('\n', LINES)
    .map((line) => `    ${line}`)
    .join('\n');

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('Usage: tsx scripts/failures.ts REPORT');
const report = JSON.parse(readFileSync(file, 'utf8') || '{}') as Report;
for (const { name, message, assertionResults } of report.testResults ?? []) {
  if (message !== '') console.log(`FAILED ${name}\n${firstLines(message)}`);
  for (const { fullName, status, failureMessages = [] } of assertionResults) {
    if (status === 'failed')
      console.log(`FAILED ${name}: ${fullName}\n${firstLines(failureMessages[0] ?? '')}`);
  }
}
