import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generatedDocuments } from './generated-documents';

test.each(Object.entries(generatedDocuments()))('%s is as `npm run docs` writes it', (path, text) => {
  expect(readFileSync(path, 'utf8') === text, 'out of date; run `npm run docs`').toBe(true);
});
