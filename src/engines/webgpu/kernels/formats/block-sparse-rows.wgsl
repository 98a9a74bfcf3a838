// y[n] = row ids[n] of the matrix; each invocation writes the columns of one block, zeros where it is missing.

// The first block of the block row at this place or behind it.
fn findBlock(blockRow: u32, place: u32) -> u32 {
  var low = blockRows[blockRow].x;
  var high = blockRows[blockRow + 1u].x;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (blockColumns[middle] < place) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  return low;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let blocksInARow = (MATRIX_WIDTH + BLOCK_COLUMNS - 1u) / BLOCK_COLUMNS;
  let place = id.x;
  let n = id.y;
  if (place >= blocksInARow || n >= uniforms.count) {
    return;
  }
  let row = u32(ids[n]);
  let blockRow = row / BLOCK_ROWS;
  let block = findBlock(blockRow, place);
  let present = block < blockRows[blockRow + 1u].x && blockColumns[block] == place;
  let firstQuad = blockRows[blockRow].y;
  let rows = min(BLOCK_ROWS, MATRIX_ROWS - blockRow * BLOCK_ROWS);
  let quads = (blockRows[blockRow + 1u].y - firstQuad) / rows;
  let rowSlot = (firstQuad + (row - blockRow * BLOCK_ROWS) * quads) * 4u;
  let slot = rowSlot + (block - blockRows[blockRow].x) * BLOCK_COLUMNS;
  let first = place * BLOCK_COLUMNS;
  for (var column = first; column < min(first + BLOCK_COLUMNS, MATRIX_WIDTH); column++) {
    var weight = 0.0;
    if (present) {
      let code = vec4f(codeAt(slot + column - first), 0.0, 0.0, 0.0);
      weight = weightsOf(code, vec4f(1.0, 0.0, 0.0, 0.0), row, column).x;
    }
    y[n * MATRIX_WIDTH + column] = weight;
  }
}
