import { expect, test } from 'vitest';
import { placeLabels } from './label-places';

const area = { width: 300, height: 200 };

test('a label is placed on the right if there is room, else on the left', () => {
  const [first, second] = placeLabels(
    [
      { x: 50, y: 50, text: 'int8' },
      { x: 290, y: 100, text: 'base' },
    ],
    area,
  );
  expect(first!.anchor).toBe('start');
  expect(second!.anchor).toBe('end');
});

test('labels cover neither marks nor each other; a label without room is omitted', () => {
  const crowded = Array.from({ length: 9 }, (_, index) => ({
    x: 150 + index,
    y: 100 + index,
    text: 'a long name indeed',
  }));
  const places = placeLabels(crowded, area);
  const shown = places.filter((place) => place !== undefined);
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.length).toBeLessThan(5);
  expect(new Set(shown.map(({ anchor, dy }) => `${anchor} ${dy}`)).size).toBe(shown.length);
});
