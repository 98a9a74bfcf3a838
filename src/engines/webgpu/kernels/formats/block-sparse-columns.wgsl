// The columns of four stored weights, from the blocks that they belong to. Beyond the last block of the row, or of the
// matrix, they are some column; what stands there is padding.
fn columnsOfQuad(firstBlock: u32, quad: u32) -> vec4u {
  let slots = quad * 4u + vec4u(0u, 1u, 2u, 3u);
  let blocks = min(vec4u(firstBlock) + slots / BLOCK_COLUMNS, vec4u(arrayLength(&blockColumns) - 1u));
  let places = vec4u(
    blockColumns[blocks.x],
    blockColumns[blocks.y],
    blockColumns[blocks.z],
    blockColumns[blocks.w],
  );
  return places * BLOCK_COLUMNS + slots % BLOCK_COLUMNS;
}
