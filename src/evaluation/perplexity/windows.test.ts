import { describe, expect, test } from 'vitest';
import { slidingWindows } from './windows';

describe('slidingWindows', () => {
  test.each([
    // Without overlap, each window's first id is context only.
    [
      10,
      { window: 4, stride: 4 },
      [
        [0, 4, 3],
        [4, 8, 3],
        [8, 10, 1],
      ],
    ],
    // With overlap, every id but the first is scored once.
    [
      10,
      { window: 4, stride: 2 },
      [
        [0, 4, 3],
        [2, 6, 2],
        [4, 8, 2],
        [6, 10, 2],
      ],
    ],
    [
      9,
      { window: 4, stride: 3 },
      [
        [0, 4, 3],
        [3, 7, 3],
        [6, 9, 2],
      ],
    ],
    // A text shorter than a window is one short window.
    [3, { window: 8, stride: 8 }, [[0, 3, 2]]],
    // A last window of one id is dropped, because nothing precedes the id.
    [5, { window: 4, stride: 4 }, [[0, 4, 3]]],
    [10, { window: 4, stride: 4, maxWindows: 1 }, [[0, 4, 3]]],
  ])('%i tokens, %j', (count, options, expected) => {
    const windows = slidingWindows(count, options);
    expect(windows.map(({ begin, end, targetCount }) => [begin, end, targetCount])).toEqual(expected);
  });

  test.each([0, -1, 1.5, NaN])('a stride of %d is rejected', (stride) => {
    expect(() => slidingWindows(10, { window: 4, stride })).toThrow('use a whole number from 1 to 4');
  });
});
