/** Work of one invocation in attention over many queries; it iterates over the keys four at a time. */
export interface AttentionTile {
  /** Lanes per head. */
  readonly lanes: number;
  /** Invocations per workgroup. */
  readonly threads: number;
  /** Consecutive queries per invocation, which share loaded keys and values. */
  readonly queries: number;
  /**
   * Whether the workgroup is one subgroup of four that share keys: each reads one of four keys and broadcasts it. Otherwise
   * each invocation reads all four.
   */
  readonly exchange: boolean;
}

const KEYS = ['x', 'y', 'z', 'w'] as const;

/**
 * Generates WGSL of scaled dot-product attention with an online softmax (Milakov and Gimelshein 2018): no score matrix in
 * memory, and the running maximum is updated once per four keys. Every value of a query is a separate variable, hence a
 * register: `sum2_5` is lane 5 of query 2's sum. It follows attention-header.wgsl.
 */
export function attentionTileSource(tile: AttentionTile): string {
  const { threads, exchange } = tile;
  const thread = exchange ? '@builtin(subgroup_invocation_id)' : '@builtin(local_invocation_index)';
  return `
const QUERIES = ${tile.queries}u;
const THREADS = ${threads}u;

fn greatestOf(scores: vec4f) -> f32 {
  return max(max(scores.x, scores.y), max(scores.z, scores.w));
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, ${thread} thread: u32) {
  let head = group.y;
  let sequence = group.z;
  let firstToken = sequence * uniforms.queryCount;
  let firstRow = sequence * uniforms.keyRows;
  let keyCount = u32(keyCounts[sequence]);
  let query = (group.x * THREADS + thread) * QUERIES;
${perQuery(tile, prepareQuery)}
  let end = ${exchange ? END_OF_WORKGROUP : END_OF_INVOCATION};
  for (var first = 0u; first < end; first += 4u) {
    let position = first + vec4u(0u, 1u, 2u, 3u);
    // Past the last key it is read again and masked.
${exchange ? readOwnKey(tile) : LOCATE_KEYS}
${multiplyKeys(tile)}
${perQuery(tile, weighKeys)}
${addValues(tile)}
  }
${perQuery(tile, writeQuery)}
}`;
}

/** Queries past the last one repeat it without being written. */
function prepareQuery({ lanes }: AttentionTile, i: number): string {
  return `
  let query${i} = min(query + ${i}u, uniforms.queryCount - 1u);
  let count${i} = visibleKeys(query${i}, keyCount);
  let start${i} = queryStart(firstToken + query${i}, head);
  var greatest${i} = MASKED;
  var total${i} = 0.0;
${each(lanes, (u) => `  let q${i}_${u} = queries[start${i} + ${u}u] * uniforms.scale; var sum${i}_${u} = Lane();`)}`;
}

/** The invocations of a subgroup must stay together while they exchange keys. */
const END_OF_WORKGROUP =
  'visibleKeys(min((group.x + 1u) * THREADS * QUERIES, uniforms.queryCount) - 1u, keyCount)';
/** Invocations without a query return. */
const END_OF_INVOCATION =
  'select(0u, visibleKeys(min(query + QUERIES, uniforms.queryCount) - 1u, keyCount), query < uniforms.queryCount)';

const LOCATE_KEYS = `
    let row = firstRow + min(position, vec4u(end - 1u));
    let k = vec4u(keyStart(row.x, head), keyStart(row.y, head), keyStart(row.z, head), keyStart(row.w, head));
    let v = vec4u(valueStart(row.x, head), valueStart(row.y, head), valueStart(row.z, head), valueStart(row.w, head));`;

function readOwnKey({ lanes }: AttentionTile): string {
  return `
    let row = firstRow + min(first + thread, end - 1u);
    let k = keyStart(row, head);
    let v = valueStart(row, head);
${each(lanes, (u) => `    let key${u} = keys[k + ${u}u]; let value${u} = values[v + ${u}u];`)}`;
}

function multiplyKeys({ lanes, queries, exchange }: AttentionTile): string {
  return KEYS.map((key, index) => {
    const products = each(queries, (i) => `    var product${i}${key} = Lane();`);
    const lines = each(lanes, (u) => {
      const read = exchange ? `subgroupBroadcast(key${u}, ${index}u)` : `keys[k.${key} + ${u}u]`;
      return `    { let x = ${read}; ${each(queries, (i) => `product${i}${key} += q${i}_${u} * x;`, ' ')} }`;
    });
    return `${products}\n${lines}`;
  }).join('\n');
}

function weighKeys({ lanes }: AttentionTile, i: number): string {
  const scores = KEYS.map((key) => `horizontal(product${i}${key})`).join(', ');
  return `
    let scores${i} = select(vec4f(MASKED), vec4f(${scores}), position < vec4u(count${i}));
    let greater${i} = max(greatest${i}, greatestOf(scores${i}));
    let keep${i} = exp(greatest${i} - greater${i});
    let weights${i} = exp(scores${i} - greater${i});
    total${i} = total${i} * keep${i} + dot(weights${i}, vec4f(1.0));
    greatest${i} = greater${i};
${each(lanes, (u) => `    sum${i}_${u} *= keep${i};`)}`;
}

function addValues({ lanes, queries, exchange }: AttentionTile): string {
  return KEYS.map((key, index) =>
    each(lanes, (u) => {
      const read = exchange ? `subgroupBroadcast(value${u}, ${index}u)` : `values[v.${key} + ${u}u]`;
      return `    { let x = ${read}; ${each(queries, (i) => `sum${i}_${u} += weights${i}.${key} * x;`, ' ')} }`;
    }),
  ).join('\n');
}

/** A sequence without keys (padding) gives zeros. */
function writeQuery({ lanes }: AttentionTile, i: number): string {
  return `
  if (query + ${i}u < uniforms.queryCount) {
    let factor = select(0.0, 1.0 / total${i}, total${i} > 0.0);
    let write = ((firstToken + query${i}) * uniforms.heads + head) * LANES;
${each(lanes, (u) => `    y[write + ${u}u] = sum${i}_${u} * factor;`)}
  }`;
}

function perQuery(tile: AttentionTile, text: (tile: AttentionTile, query: number) => string): string {
  return each(tile.queries, (query) => text(tile, query));
}

function each(count: number, text: (index: number) => string, separator = '\n'): string {
  return Array.from({ length: count }, (_, index) => text(index)).join(separator);
}
