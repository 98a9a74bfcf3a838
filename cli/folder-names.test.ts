import { expect, test } from 'vitest';
import { folderNames } from './folder-names';

test.each([
  [
    ['int8', 'half rank', 'Magnitude 50 %'],
    ['int8', 'half-rank', 'Magnitude-50'],
  ],
  [
    ['int8', 'int8', 'INT8'],
    ['int8', 'int8-2', 'INT8-3'],
  ],
  [
    ['..', '../../etc/x', '/', '.hidden'],
    ['variant', 'etc-x', 'variant-2', 'hidden'],
  ],
  [
    ['Größe ½', '低秩'],
    ['Größe-½', '低秩'],
  ],
])('%j', (names, expected) => {
  expect(folderNames(names)).toEqual(expected);
});
