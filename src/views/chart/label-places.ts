/** Marker position in pixels and the text beside it. */
export interface LabelledMark {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** Start or end of a label's text relative to its marker. */
export interface LabelPlace {
  readonly dx: number;
  readonly dy: number;
  readonly anchor: 'start' | 'end' | 'middle';
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const CHARACTER_WIDTH = 5.8;
const LINE_HEIGHT = 13;
const MARK_RADIUS = 7;

/** Right, left, above, below, in order of preference. */
const PLACES: readonly LabelPlace[] = [
  { dx: 9, dy: 4, anchor: 'start' },
  { dx: -9, dy: 4, anchor: 'end' },
  { dx: 0, dy: -10, anchor: 'middle' },
  { dx: 0, dy: 19, anchor: 'middle' },
];

/**
 * Finds a place for each label where it covers no marker and no other label and stays within the chart; undefined if
 * there is none (the table and the tooltip still name the variant).
 */
export function placeLabels(
  marks: readonly LabelledMark[],
  { width, height }: { width: number; height: number },
): (LabelPlace | undefined)[] {
  const taken: Box[] = marks.map(({ x, y }) => ({
    left: x - MARK_RADIUS,
    right: x + MARK_RADIUS,
    top: y - MARK_RADIUS,
    bottom: y + MARK_RADIUS,
  }));
  return marks.map((mark, index) => {
    for (const place of PLACES) {
      const box = labelBox(mark, place);
      const isInside = box.left >= 0 && box.right <= width && box.top >= 0 && box.bottom <= height;
      if (!isInside || taken.some((other, position) => position !== index && overlap(box, other))) continue;
      taken.push(box);
      return place;
    }
    return undefined;
  });
}

function labelBox({ x, y, text }: LabelledMark, { dx, dy, anchor }: LabelPlace): Box {
  const length = text.length * CHARACTER_WIDTH;
  const start = x + dx - (anchor === 'end' ? length : anchor === 'middle' ? length / 2 : 0);
  const bottom = y + dy + 3;
  return { left: start, right: start + length, top: bottom - LINE_HEIGHT, bottom };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
