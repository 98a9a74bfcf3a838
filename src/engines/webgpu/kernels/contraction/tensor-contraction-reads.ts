import type { BufferType } from '../../define-kernel';
import { type AxisTile, memberStart, type Operand, readingOf } from './tensor-contraction-operand';
import type { ContractionTile } from './tensor-contraction-tile';

const COMPONENTS = ['x', 'y', 'z', 'w'] as const;

/** WGSL that reads a tile of one operand into vectors of terms, step by step. */
export interface OperandText {
  readonly type: BufferType;
  readonly members: number;
  /** Words from one step of four terms to the next, and from one outer term to the next. */
  readonly stepStride: number;
  readonly outerStride: number;
  readonly isShared: boolean;
  /** WGSL for the starting offsets of this lane's reads. */
  readonly starts: string;
  /** Reads `count` terms from the offset on. */
  reads(count: number): string[];
  /** Defines `<name><member>`, the vector of `count` terms of a member; called for each member in order. */
  ready(member: number, count: number): string[];
}

export function operandText(operand: Operand, axisTile: AxisTile, tile: ContractionTile): OperandText {
  const reading = readingOf(operand, axisTile.members);
  return reading === 'members'
    ? textByMembers(operand, axisTile, tile)
    : textByTerms(operand, axisTile, tile, reading);
}

/** Reads vectors of terms of one member; lanes that share the tile read every fourth member. */
function textByTerms(
  { name, axis, terms }: Operand,
  axisTile: AxisTile,
  tile: ContractionTile,
  reading: 'terms' | 'scalars',
): OperandText {
  const { members } = axisTile;
  const isShared = tile.shared === name;
  const lanes = isShared ? tile.lanes : 1;
  const word = reading === 'terms' ? 4 : 1;
  const termStride = reading === 'terms' ? 0 : terms.innerStride;
  const reads = range(Math.ceil(members / lanes));
  const memberOf = (read: number): number | string => {
    if (!isShared) return read;
    const ofLane = `${read * lanes}u + lane`;
    return (read + 1) * lanes > members ? `min(${ofLane}, ${members - 1}u)` : ofLane;
  };
  const valueOf = (read: number, count: number): string => {
    const at = `${name}Start${read} + ${name}Offset`;
    if (reading === 'terms') return `${name}[${at}]`;
    const elements = range(count).map((term) => `${name}[${at} + ${term * termStride}u]`);
    return count === 1 ? elements[0] : `vec${count}f(${elements.join(', ')})`;
  };
  return {
    type: word === 4 ? 'array<vec4f>' : 'array<f32>',
    members,
    stepStride: reading === 'terms' ? 1 : 4 * termStride,
    outerStride: terms.outerStride / word,
    isShared,
    starts: reads
      .map((read) => `  let ${name}Start${read} = ${memberStart(axis, axisTile, memberOf(read), word)};`)
      .join('\n'),
    reads: (count) =>
      reads.map((read) => `let ${name}${isShared ? 'Read' : ''}${read} = ${valueOf(read, count)};`),
    ready: (member) =>
      isShared
        ? [
            `let ${name}${member} = subgroupBroadcast(${name}Read${Math.floor(member / lanes)}, ${member % lanes}u);`,
          ]
        : [],
  };
}

/** Reads vectors of four members of one term; lanes that share the tile read one of four terms each. */
function textByMembers(
  { name, axis, terms }: Operand,
  axisTile: AxisTile,
  tile: ContractionTile,
): OperandText {
  const { members } = axisTile;
  const isShared = tile.shared === name;
  const termStride = terms.innerStride / 4;
  const quads = range(members / 4);
  const wordOf = (quad: number, term: string) =>
    `${name}[${name}Start${quad} + ${name}Offset + ${term} * ${termStride}u]`;
  return {
    type: 'array<vec4f>',
    members,
    stepStride: 4 * termStride,
    outerStride: terms.outerStride / 4,
    isShared,
    starts: quads
      .map((quad) => `  let ${name}Start${quad} = ${memberStart(axis, axisTile, 4 * quad, 4)};`)
      .join('\n'),
    reads: (count) =>
      isShared
        ? [
            `let ${name}Term = min(lane, ${count - 1}u);`,
            ...quads.map((quad) => `let ${name}Read${quad} = ${wordOf(quad, `${name}Term`)};`),
          ]
        : quads.flatMap((quad) =>
            range(count).map((term) => `let ${name}Word${quad}_${term} = ${wordOf(quad, `${term}u`)};`),
          ),
    ready: (member, count) => {
      const quad = Math.floor(member / 4);
      const elements = range(count).map((term) => `${name}Word${quad}_${term}.${COMPONENTS[member % 4]}`);
      return [
        ...(isShared && member % 4 === 0
          ? range(count).map(
              (term) => `let ${name}Word${quad}_${term} = subgroupBroadcast(${name}Read${quad}, ${term}u);`,
            )
          : []),
        `let ${name}${member} = ${count === 1 ? elements[0] : `vec${count}f(${elements.join(', ')})`};`,
      ];
    },
  };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
