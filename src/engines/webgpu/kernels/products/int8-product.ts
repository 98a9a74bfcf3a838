import { defineKernel } from '../../define-kernel';
import { epilogueBuffers, type EpilogueConfig, epilogueSource } from '../wgsl/epilogue';

/** Tile sizes of the integer product. */
export type Int8Cut = {
  /** Rows and tokens per invocation. */
  readonly rows: number;
  readonly tokens: number;
  /** Invocations that share the columns of a row. */
  readonly lanes: number;
  /** Whether these are one subgroup. */
  readonly bySubgroup: boolean;
  /** Invocations per workgroup with separate rows; 1 if there are several lanes. */
  readonly groups: number;
  /** Words of four codes per read. */
  readonly words: 4 | 1;
};

/**
 * Creates the kernel of x · Wᵀ with both as codes, for devices with `dot4I8Packed`. Every sum is a separate variable, because
 * compilers keep an indexed array in memory.
 */
export function int8ProductKernel(cut: Int8Cut, epilogue: EpilogueConfig) {
  const type = cut.words === 4 ? 'array<vec4u>' : 'array<u32>';
  return defineKernel({
    name: 'int8-product',
    inputs: {
      x: type,
      tokenScales: 'array<f32>',
      w: type,
      rowScales: 'array<f32>',
      ...epilogueBuffers(epilogue),
    },
    outputs: { y: 'array<f32>' },
    uniforms: {
      tokens: 'u32',
      outputs: 'u32',
      /** Reads per row of codes. */
      reads: 'u32',
    },
    constants: { LANES: cut.lanes },
    enable: cut.bySubgroup ? ['subgroups'] : [],
    body: [epilogueSource(epilogue), productSource(cut), WRITE, mainSource(cut)],
  });
}

const WRITE = `fn write(token: u32, row: u32, sum: i32) {
  if (token < uniforms.tokens && row < uniforms.outputs) {
    let index = token * uniforms.outputs + row;
    y[index] = finish(f32(sum) * (rowScales[row] * tokenScales[token]), row, index);
  }
}`;

/** WGSL of `productOf`, the sum of products of the codes of two reads. */
function productSource({ words }: Int8Cut): string {
  if (words === 1) return 'fn productOf(a: u32, b: u32) -> i32 { return dot4I8Packed(a, b); }';
  const products = [...'xyzw'].map((lane) => `dot4I8Packed(a.${lane}, b.${lane})`);
  return `fn productOf(a: vec4u, b: vec4u) -> i32 { return ${products.join(' + ')}; }`;
}

function mainSource(cut: Int8Cut): string {
  const { lanes, groups, bySubgroup } = cut;
  const rows = numbers(cut.rows);
  const tokens = numbers(cut.tokens);
  const sums = rows.flatMap((r) => tokens.map((t) => `sum${r}_${t}`));
  return [
    lanes > 1 && !bySubgroup ? partsSource(sums.length) : '',
    `@compute @workgroup_size(${lanes * groups})
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  ${bySubgroup ? '@builtin(subgroup_invocation_id) lane: u32,' : '@builtin(local_invocation_index) local: u32,'}
) {`,
    lanes > 1
      ? `  ${bySubgroup ? '' : 'let lane = local;'}\n  let firstRow = workgroup.x * ${cut.rows}u;`
      : `  let lane = 0u;\n  let firstRow = (workgroup.x * ${groups}u + local) * ${cut.rows}u;`,
    `  let firstToken = workgroup.y * ${cut.tokens}u;
  // Past the edge the last row or token is computed again and not written.
  let lastRow = uniforms.outputs - 1u;
  let lastToken = uniforms.tokens - 1u;`,
    ...rows.map((r) => `  let w${r} = min(firstRow + ${r}u, lastRow) * uniforms.reads;`),
    ...tokens.map((t) => `  let x${t} = min(firstToken + ${t}u, lastToken) * uniforms.reads;`),
    ...sums.map((sum) => `  var ${sum} = 0i;`),
    `  for (var read = lane; read < uniforms.reads; read += LANES) {`,
    ...tokens.map((t) => `    let a${t} = x[x${t} + read];`),
    ...rows.flatMap((r) => [
      `    let b${r} = w[w${r} + read];`,
      ...tokens.map((t) => `    sum${r}_${t} += productOf(a${t}, b${r});`),
    ]),
    `  }`,
    ...writing(cut, sums),
    `}`,
  ].join('\n');
}

/** WGSL of workgroup memory for the lanes' partial sums. */
function partsSource(sums: number): string {
  return `var<workgroup> parts: array<i32, LANES * ${sums}u>;
fn totalOf(sum: u32) -> i32 {
  var total = 0i;
  for (var part = 0u; part < LANES; part++) {
    total += parts[sum * LANES + part];
  }
  return total;
}`;
}

/** Adds the lanes' partial sums and writes the results, a share for each lane. */
function writing({ lanes, bySubgroup, tokens }: Int8Cut, sums: readonly string[]): string[] {
  const place = (index: string) => `firstToken + ${index} % ${tokens}u, firstRow + ${index} / ${tokens}u`;
  if (lanes === 1 || bySubgroup) {
    return [
      ...(bySubgroup ? sums.map((sum) => `  ${sum} = subgroupAdd(${sum});`) : []),
      `  var sums = array<i32, ${sums.length}>(${sums.join(', ')});
  for (var index = lane; index < ${sums.length}u; index += LANES) {
    write(${place('index')}, sums[index]);
  }`,
    ];
  }
  return [
    ...sums.map((sum, index) => `  parts[${index}u * LANES + lane] = ${sum};`),
    `  workgroupBarrier();
  for (var index = lane; index < ${sums.length}u; index += LANES) {
    write(${place('index')}, totalOf(index));
  }`,
  ];
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
