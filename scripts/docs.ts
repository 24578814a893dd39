/** Builds the site of the documentation, `site/index.html`: `npm run docs`. No warning is let pass. */

import { Application, TSConfigReader, TypeDocReader } from 'typedoc';
import { brokenLinks } from './site/links.ts';
import { pages } from './site/pages.ts';

async function build(): Promise<string[]> {
  const app = await Application.bootstrapWithPlugins({ plugin: [pages] }, [
    new TypeDocReader(),
    new TSConfigReader(),
  ]);
  const { logger } = app;
  const isClean = () =>
    logger.errorCount + logger.warningCount + logger.validationWarningCount === 0;

  const project = await app.convert();
  if (project !== undefined) app.validate(project);
  if (project === undefined || !isClean()) return ['typedoc did not convert the sources cleanly.'];
  await app.generateOutputs(project);
  return isClean() ? brokenLinks('site') : ['typedoc did not write the pages cleanly.'];
}

const problems = await build();
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
