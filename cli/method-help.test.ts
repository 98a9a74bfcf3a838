import { expect, test } from 'vitest';
import { methodHelp } from './method-help';

test('a method is described with its paper and every parameter', () => {
  const help = methodHelp('gptq');
  expect(help).toContain('gptq: GPTQ\n\nRounds the columns one after the other');
  expect(help).toContain('Frantar et al. 2022');
  expect(help).toContain('  bits             4 (8, 4, 3, 2)\n');
  expect(help).toContain('  groupSize        optional (1 to 4096 inputs)\n');
  expect(help).toContain('  activationOrder  false (false, true)\n');
});

test('a method that does not exist is told from those that do', () => {
  expect(() => methodHelp('melt')).toThrow('there is no "melt"; there are magnitude-pruning, wanda,');
});
