import { declareInputs, type Epilogue, epilogueInputs, epilogueSource } from './epilogue';
import type { ContractionSizes, ContractionTile } from './tensor-contraction-tile';
import {
  type AxisTile,
  isConsecutive,
  isInQuads,
  memberStart,
  type Operand,
  type Reading,
  readingOf,
  tilePlace,
} from './tensor-contraction-operand';

/** Everything that the WGSL of a contraction depends on. */
export interface ContractionText extends ContractionSizes {
  readonly tile: ContractionTile;
  /** Elements of the result that one token takes: an output is an element modulo this. */
  readonly outputs: number;
  readonly epilogue: Epilogue;
  /** Invocations of a workgroup. */
  readonly threads: number;
}

const COMPONENTS = ['x', 'y', 'z', 'w'] as const;

/** Uniform: `groups`. Inputs: the factor, x, then the epilogue's. */
export function contractionSource(text: ContractionText): string {
  const { factor, x, tile, epilogue, columns, threads } = text;
  const { rows, positions } = axisTiles(text);
  const [f, v] = [operandText(factor, rows, tile), operandText(x, positions, tile)];
  const inputs = [{ name: 'factor', type: f.type }, { name: 'x', type: v.type }, ...epilogueInputs(epilogue)];
  const output = outputText(text, f.reading, v.reading);
  return `${declareInputs(inputs)}
@group(0) @binding(${inputs.length}) var<storage, read_write> y: ${output.type};
struct Uniforms { groups: u32 }
@group(0) @binding(${inputs.length + 1}) var<uniform> uniforms: Uniforms;
${epilogueSource(epilogue)}
@compute @workgroup_size(${threads})
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
${output.sums}
${termLoops(text, f, v, output)}
  if (!isInside) {
    return;
  }
${output.writes}
}`;
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
 * `rowTile` and `positionTile`, and whether they lie in the result: past the edge the last ones are computed again and not
 * written, since lanes that exchange must stay together. A workgroup is one subgroup where lanes share a tile.
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

interface OperandText {
  readonly type: string;
  readonly reading: Reading;
  /** Elements of a word of the buffer: offsets count words. */
  readonly word: number;
  /** Words from one step of four terms to the next, and from one outer term to the next. */
  readonly stepStride: number;
  readonly outerStride: number;
  readonly groups: number;
  readonly isShared: boolean;
  /** Where what this lane reads begins. */
  readonly starts: string;
  /** Reads `count` terms from the offset on. */
  reads(count: number): string[];
  /** Makes group `index` ready where it is handed round. */
  exchange(index: number, count: number): string[];
}

function operandText(operand: Operand, axisTile: AxisTile, tile: ContractionTile): OperandText {
  const { name, axis, terms } = operand;
  const { members } = axisTile;
  const reading = readingOf(operand, members);
  const isShared = tile.shared === name;
  const word = reading === 'scalars' ? 1 : 4;
  const groups = reading === 'members' ? members / 4 : members;
  const readCount = isShared && reading !== 'members' ? Math.ceil(groups / tile.lanes) : groups;
  const inner = terms.innerStride / (reading === 'terms' ? 1 : word);
  const member = (index: number): number | string => {
    if (reading === 'members') return 4 * index;
    if (!isShared) return index;
    const ofLane = `${index * tile.lanes}u + lane`;
    return (index + 1) * tile.lanes > members ? `min(${ofLane}, ${members - 1}u)` : ofLane;
  };
  const at = (index: number, offset: string) => `${name}[${name}Start${index} + ${name}Offset${offset}]`;
  const value = (index: number, count: number, target: string): string[] => {
    if (reading === 'terms') return [`let ${target} = ${at(index, '')};`];
    const elements = range(count).map((k) => at(index, k === 0 ? '' : ` + ${k * inner}u`));
    return [`let ${target} = ${count === 1 ? elements[0] : `vec${count}f(${elements.join(', ')})`};`];
  };
  return {
    type: word === 4 ? 'array<vec4f>' : 'array<f32>',
    reading,
    word,
    stepStride: reading === 'terms' ? 1 : 4 * inner,
    outerStride: terms.outerStride / word,
    groups,
    isShared,
    starts: range(readCount)
      .map((index) => `  let ${name}Start${index} = ${memberStart(axis, axisTile, member(index), word)};`)
      .join('\n'),
    reads: (count) => {
      if (reading !== 'members')
        return range(readCount).flatMap((index) =>
          value(index, count, isShared ? `${name}Read${index}` : `${name}${index}`),
        );
      // Each lane reads another term of the four.
      if (isShared)
        return [
          ...(count < 4 ? [`let ${name}Lane = min(lane, ${count - 1}u);`] : []),
          ...range(groups).map(
            (index) =>
              `let ${name}Read${index} = ${at(index, ` + ${count < 4 ? `${name}Lane` : 'lane'} * ${inner}u`)};`,
          ),
        ];
      return range(groups).flatMap((index) =>
        range(count).map(
          (k) => `let ${name}${index}_${k} = ${at(index, k === 0 ? '' : ` + ${k * inner}u`)};`,
        ),
      );
    },
    exchange: (index, count) => {
      if (!isShared) return [];
      if (reading === 'members')
        return range(count).map(
          (k) => `let ${name}${index}_${k} = subgroupBroadcast(${name}Read${index}, ${k}u);`,
        );
      const read = `${name}Read${Math.floor(index / tile.lanes)}`;
      return [`let ${name}${index} = subgroupBroadcast(${read}, ${index % tile.lanes}u);`];
    },
  };
}

interface OutputText {
  readonly type: string;
  readonly sums: string;
  readonly writes: string;
  /** Adds the products of group `f` of the factor and group `v` of x over `count` terms. */
  add(f: number, v: number, count: number): string[];
}

/** Sums lie along whichever operand is read by members, along the positions where both are. */
function outputText(text: ContractionText, factor: Reading, x: Reading): OutputText {
  const { tile } = text;
  const byPosition = x === 'members';
  const byRow = !byPosition && factor === 'members';
  const names = range(byRow ? tile.rows / 4 : tile.rows).flatMap((r) =>
    range(byPosition ? tile.positions / 4 : tile.positions).map((p) => `sum${r}_${p}`),
  );
  const element = (row: number, position: number): string => {
    if (byPosition) return `sum${row}_${Math.floor(position / 4)}.${COMPONENTS[position % 4]}`;
    if (byRow) return `sum${Math.floor(row / 4)}_${position}.${COMPONENTS[row % 4]}`;
    return `sum${row}_${position}`;
  };
  return {
    ...writing(text, element),
    sums: names.map((name) => `  var ${name} = ${byPosition || byRow ? 'vec4f()' : '0.0'};`).join('\n'),
    add: (f, v, count) => {
      const terms = range(count);
      // A single term is no vector.
      const term = (name: string, k: number) => (count === 1 ? name : `${name}.${COMPONENTS[k]}`);
      const total = (products: string[]) => products.join(' + ');
      if (byPosition && factor === 'members')
        return COMPONENTS.map(
          (component, row) =>
            `sum${4 * f + row}_${v} += ${total(terms.map((k) => `factor${f}_${k}.${component} * x${v}_${k}`))};`,
        );
      if (byPosition)
        return [`sum${f}_${v} += ${total(terms.map((k) => `${term(`factor${f}`, k)} * x${v}_${k}`))};`];
      if (byRow)
        return [`sum${f}_${v} += ${total(terms.map((k) => `${term(`x${v}`, k)} * factor${f}_${k}`))};`];
      return [`sum${f}_${v} += ${count === 1 ? `factor${f} * x${v}` : `dot(factor${f}, x${v})`};`];
    },
  };
}

function writing(
  text: ContractionText,
  element: (row: number, position: number) => string,
): { type: string; writes: string } {
  const { tile, rows, columns, yPosition, yRow, outputs, epilogue } = text;
  const axes = axisTiles(text);
  const alongRows = tile.rows % 4 === 0 && isConsecutive(yRow) && isInQuads(yPosition);
  const alongColumns = !alongRows && tile.positions % 4 === 0 && isConsecutive(yPosition) && isInQuads(yRow);
  const word = alongRows || alongColumns ? 4 : 1;
  const [rowStep, positionStep] = [alongRows ? 4 : 1, alongColumns ? 4 : 1];
  const hasEpilogue = Boolean(epilogue.bias ?? epilogue.residual ?? epilogue.activation);
  const value = (row: number, position: number, more: number): string => {
    const product = element(row + (alongRows ? more : 0), position + (alongColumns ? more : 0));
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
  // Rows and positions past the edge are not clamped here: what is not there is not written.
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

function termLoops({ factor }: ContractionText, f: OperandText, v: OperandText, output: OutputText): string {
  const { outer, inner } = factor.terms;
  const steps = Math.floor(inner / 4);
  const rest = inner % 4;
  const body = [
    ...(steps > 0
      ? [
          `for (var step = 0u; step < ${steps}u; step++) {`,
          ...stepSource(f, v, output, 4),
          `factorOffset += ${f.stepStride}u;`,
          `xOffset += ${v.stepStride}u;`,
          `}`,
        ]
      : []),
    ...(rest > 0 ? stepSource(f, v, output, rest) : []),
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

/** The groups of the operand that is handed round come one after the other, so that few of them are alive at once. */
function stepSource(f: OperandText, v: OperandText, output: OutputText, count: number): string[] {
  const [outer, inner] = f.isShared ? [f, v] : [v, f];
  return [
    ...f.reads(count),
    ...v.reads(count),
    ...range(outer.groups).flatMap((o) => [
      ...outer.exchange(o, count),
      ...range(inner.groups).flatMap((i) =>
        outer === f ? output.add(o, i, count) : output.add(i, o, count),
      ),
    ]),
  ];
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
