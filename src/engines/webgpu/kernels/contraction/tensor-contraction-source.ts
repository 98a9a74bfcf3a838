import { type BufferType, defineKernel } from '../../define-kernel';
import { epilogueBuffers, type EpilogueConfig, epilogueSource } from '../wgsl/epilogue';
import type { ContractionSizes, ContractionTile } from './tensor-contraction-tile';
import {
  type AxisTile,
  isConsecutive,
  isInQuads,
  memberStart,
  tilePlace,
} from './tensor-contraction-operand';
import { type OperandText, operandText } from './tensor-contraction-reads';

/** Everything that the WGSL of a contraction depends on. */
export interface ContractionText extends ContractionSizes {
  readonly tile: ContractionTile;
  /** Elements of the result per token; an output is the element index modulo this. */
  readonly outputs: number;
  readonly epilogue: EpilogueConfig;
  /** Invocations per workgroup. */
  readonly threads: number;
}

/** Kernel of one contraction. */
export function contractionKernel(text: ContractionText) {
  const { factor, x, tile, epilogue, columns, threads } = text;
  const { rows, positions } = axisTiles(text);
  const [f, v] = [operandText(factor, rows, tile), operandText(x, positions, tile)];
  const result = resultText(text);
  return defineKernel({
    name: 'tensor-contraction',
    inputs: { factor: f.type, x: v.type, ...epilogueBuffers(epilogue) },
    outputs: { y: result.type },
    uniforms: { groups: 'u32' },
    enable: tile.shared ? ['subgroups'] : [],
    body: [
      epilogueSource(epilogue),
      `@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) ${tile.shared ? 'lane' : 'local'}: u32,
) {
  let group = workgroup.y * workgroups.x + workgroup.x;
  let positions = uniforms.groups * ${columns}u;
  let lastPosition = positions - 1u;
  let positionTiles = (positions + ${tile.positions - 1}u) / ${tile.positions}u;
${tileIndices(text)}
${tilePlace(factor.axis, rows)}
${tilePlace(x.axis, positions)}
${f.starts}
${v.starts}
${range(tile.rows)
  .flatMap((row) => range(tile.positions).map((position) => `  var sum${row}_${position} = 0.0;`))
  .join('\n')}
${termLoops(text, f, v)}
  if (!isInside) {
    return;
  }
${result.writes}
}`,
    ],
  });
}

function axisTiles({ tile, rows, columns }: ContractionText): { rows: AxisTile; positions: AxisTile } {
  return {
    rows: {
      name: 'row',
      members: tile.rows,
      last: rows % tile.rows === 0 ? undefined : `${rows - 1}u`,
    },
    positions: {
      name: 'position',
      members: tile.positions,
      last: columns % tile.positions === 0 ? undefined : 'lastPosition',
    },
  };
}

/**
 * Defines `rowTile` and `positionTile`, and whether they lie in the result. Past the edge, the last tiles are computed again
 * without being written, since lanes that exchange values must stay together. A workgroup is one subgroup if lanes share a
 * tile.
 */
function tileIndices({ tile, rows, threads }: ContractionText): string {
  const rowTiles = Math.ceil(rows / tile.rows);
  const clamps = `  let isInside = anyRowTile < ${rowTiles}u && anyPositionTile < positionTiles;
  let rowTile = min(anyRowTile, ${rowTiles - 1}u);
  let positionTile = min(anyPositionTile, positionTiles - 1u);`;
  if (tile.shared === 'factor') {
    return `  let positionUnits = (positionTiles + ${tile.lanes - 1}u) / ${tile.lanes}u;
  let anyRowTile = group / positionUnits;
  let anyPositionTile = group % positionUnits * ${tile.lanes}u + lane;
${clamps}`;
  }
  if (tile.shared === 'x') {
    return `  let anyRowTile = group / positionTiles * ${tile.lanes}u + lane;
  let anyPositionTile = group % positionTiles;
${clamps}`;
  }
  return `  let index = group * ${threads}u + local;
  let anyRowTile = index / positionTiles;
  let anyPositionTile = index % positionTiles;
${clamps}`;
}

/** Writes the sums, four at a time if they are contiguous in the result. */
function resultText(text: ContractionText): { type: BufferType; writes: string } {
  const { tile, rows, columns, yPosition, yRow, outputs, epilogue } = text;
  const axes = axisTiles(text);
  const alongRows = tile.rows % 4 === 0 && isConsecutive(yRow) && isInQuads(yPosition);
  const alongColumns = !alongRows && tile.positions % 4 === 0 && isConsecutive(yPosition) && isInQuads(yRow);
  const word = alongRows || alongColumns ? 4 : 1;
  const [rowStep, positionStep] = [alongRows ? 4 : 1, alongColumns ? 4 : 1];
  const hasEpilogue = epilogue.hasBias || epilogue.hasResidual || epilogue.activation !== 'none';
  const value = (row: number, position: number, more: number): string => {
    const product = `sum${row + (alongRows ? more : 0)}_${position + (alongColumns ? more : 0)}`;
    return hasEpilogue ? `finish(${product}, output + ${more}u, at * ${word}u + ${more}u)` : product;
  };
  const write = (row: number, position: number): string => {
    const values = range(word).map((more) => value(row, position, more));
    const isThere =
      rows % tile.rows === 0 || row === 0 ? '' : `if (rowTile * ${tile.rows}u + ${row}u < ${rows}u) `;
    return [
      `    ${isThere}{`,
      `let at = start + row${row};`,
      ...(hasEpilogue ? [`let output = firstOutput + row${row} * ${word}u;`] : []),
      `y[at] = ${word === 4 ? `vec4f(${values.join(', ')})` : values[0]}; }`,
    ].join(' ');
  };
  // Rows and positions past the edge are not clamped, because they are not written.
  const rowStarts = range(tile.rows / rowStep).map((index) => {
    const row = index * rowStep;
    return `  let row${row} = ${memberStart(yRow, { ...axes.rows, last: undefined }, row, word)};`;
  });
  const blocks = range(tile.positions / positionStep).map((index) => {
    const position = index * positionStep;
    const start = memberStart(yPosition, { ...axes.positions, last: undefined }, position, word);
    const isThere =
      columns % tile.positions === 0 || position === 0
        ? ''
        : `if (positionTile * ${tile.positions}u + ${position}u < positions) `;
    return [
      `  ${isThere}{`,
      `    let start = ${start};`,
      ...(hasEpilogue ? [`    let firstOutput = start * ${word}u % ${outputs}u;`] : []),
      ...range(tile.rows / rowStep).map((row) => write(row * rowStep, position)),
      '  }',
    ].join('\n');
  });
  return {
    type: word === 4 ? 'array<vec4f>' : 'array<f32>',
    writes: [...rowStarts, ...blocks].join('\n'),
  };
}

function termLoops({ factor }: ContractionText, f: OperandText, v: OperandText): string {
  const { outer, inner } = factor.terms;
  const steps = Math.floor(inner / 4);
  const rest = inner % 4;
  const body = [
    ...(steps > 0
      ? [
          `for (var step = 0u; step < ${steps}u; step++) {`,
          ...stepSource(f, v, 4),
          `factorOffset += ${f.stepStride}u;`,
          `xOffset += ${v.stepStride}u;`,
          `}`,
        ]
      : []),
    ...(rest > 0 ? stepSource(f, v, rest) : []),
  ];
  const offsets = (outerTerm: string | undefined, name: string, stride: number) =>
    `var ${name}Offset = ${outerTerm ? `${outerTerm} * ${stride}u` : '0u'};`;
  const loops =
    outer === 1
      ? [offsets(undefined, 'factor', 0), offsets(undefined, 'x', 0), ...body]
      : [
          `for (var outer = 0u; outer < ${outer}u; outer++) {`,
          offsets('outer', 'factor', f.outerStride),
          offsets('outer', 'x', v.outerStride),
          ...body,
          '}',
        ];
  return loops.map((line) => `  ${line}`).join('\n');
}

/** Members of the exchanged operand are processed one after the other, so that few are alive at once. */
function stepSource(factor: OperandText, x: OperandText, count: number): string[] {
  const [outer, inner] = factor.isShared ? [factor, x] : [x, factor];
  const add = (row: number, position: number) =>
    count === 1
      ? `sum${row}_${position} += factor${row} * x${position};`
      : `sum${row}_${position} += dot(factor${row}, x${position});`;
  return [
    ...factor.reads(count),
    ...x.reads(count),
    ...range(inner.members).flatMap((member) => inner.ready(member, count)),
    ...range(outer.members).flatMap((o) => [
      ...outer.ready(o, count),
      ...range(inner.members).map((i) => (outer === factor ? add(o, i) : add(i, o))),
    ]),
  ];
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
