// y[g, m, n] = sum over k of factor[m, k] * x[g, k, n], each of m and k an index pair with strides of its own, so that the
// permutations between the products of a factorized weight cost no pass of their own.
@group(0) @binding(0) var<storage, read> factor: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Uniforms {
  groups: u32,
  rows: u32,
  columns: u32,
  outerTerms: u32,
  innerTerms: u32,
  // m = outer * rowInner + inner.
  rowInner: u32,
  factorRowOuter: u32,
  factorRowInner: u32,
  factorTermOuter: u32,
  factorTermInner: u32,
  xGroup: u32,
  xTermOuter: u32,
  xTermInner: u32,
  xColumn: u32,
  yGroup: u32,
  yRow: u32,
  yColumn: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

fn factorRow(row: u32) -> u32 {
  return row / uniforms.rowInner * uniforms.factorRowOuter + row % uniforms.rowInner * uniforms.factorRowInner;
}

// FEW: one result an invocation. Otherwise four rows of four columns, so that what is loaded is used four times.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let tile = select(4u, 1u, FEW);
  let rowTiles = (uniforms.rows + tile - 1u) / tile;
  let columnTiles = (uniforms.columns + tile - 1u) / tile;
  if (id.x >= rowTiles * columnTiles) {
    return;
  }
  let group = id.y;
  let row = id.x / columnTiles * tile;
  let column = id.x % columnTiles * tile;
  let xStart = group * uniforms.xGroup;
  if (FEW) {
    let factorStart = factorRow(row);
    var sum = 0.0;
    for (var outer = 0u; outer < uniforms.outerTerms; outer++) {
      var f = factorStart + outer * uniforms.factorTermOuter;
      var v = xStart + outer * uniforms.xTermOuter + column * uniforms.xColumn;
      for (var inner = 0u; inner < uniforms.innerTerms; inner++) {
        sum += factor[f] * x[v];
        f += uniforms.factorTermInner;
        v += uniforms.xTermInner;
      }
    }
    y[group * uniforms.yGroup + row * uniforms.yRow + column * uniforms.yColumn] = sum;
    return;
  }
  // Past the edge the last row or column is computed again and not written.
  let lastRow = uniforms.rows - 1u;
  let f = vec4u(
    factorRow(row),
    factorRow(min(row + 1u, lastRow)),
    factorRow(min(row + 2u, lastRow)),
    factorRow(min(row + 3u, lastRow)),
  );
  let columns = min(vec4u(column) + vec4u(0u, 1u, 2u, 3u), vec4u(uniforms.columns - 1u)) * uniforms.xColumn + xStart;
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var outer = 0u; outer < uniforms.outerTerms; outer++) {
    var factorOffset = outer * uniforms.factorTermOuter;
    var xOffset = outer * uniforms.xTermOuter;
    for (var inner = 0u; inner < uniforms.innerTerms; inner++) {
      let values = vec4f(
        x[columns.x + xOffset],
        x[columns.y + xOffset],
        x[columns.z + xOffset],
        x[columns.w + xOffset],
      );
      sum0 += factor[f.x + factorOffset] * values;
      sum1 += factor[f.y + factorOffset] * values;
      sum2 += factor[f.z + factorOffset] * values;
      sum3 += factor[f.w + factorOffset] * values;
      factorOffset += uniforms.factorTermInner;
      xOffset += uniforms.xTermInner;
    }
  }
  writeRow(group, row, column, sum0);
  writeRow(group, row + 1u, column, sum1);
  writeRow(group, row + 2u, column, sum2);
  writeRow(group, row + 3u, column, sum3);
}

fn writeRow(group: u32, row: u32, column: u32, sums: vec4f) {
  if (row >= uniforms.rows) {
    return;
  }
  let start = group * uniforms.yGroup + row * uniforms.yRow;
  for (var k = 0u; k < 4u; k++) {
    if (column + k < uniforms.columns) {
      y[start + (column + k) * uniforms.yColumn] = sums[k];
    }
  }
}
