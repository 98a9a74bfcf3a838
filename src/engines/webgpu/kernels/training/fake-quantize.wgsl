// y = scale · (code − zeroPoint) with the code of the nearest value of the grid of its run; where NOISY only in the blocks that
// are drawn, the others pass as they are. One value per invocation.

// PCG of 32 bits, output function RXS-M-XS (O'Neill 2014), as a hash (Jarzynski and Olano 2020).
fn mixed(word: u32) -> u32 {
  let state = word * 747796405u + 2891336453u;
  let shuffled = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (shuffled >> 22u) ^ shuffled;
}

fn isQuantized(index: u32) -> bool {
  if (!NOISY) {
    return true;
  }
  let blocks = (uniforms.columns + uniforms.blockColumns - 1u) / uniforms.blockColumns;
  let block = index / uniforms.columns * blocks + index % uniforms.columns / uniforms.blockColumns;
  return mixed(block + mixed(uniforms.step + mixed(uniforms.seed))) < uniforms.threshold;
}

fn element(index: u32) {
  let value = values[index];
  if (!isQuantized(index)) {
    y[index] = value;
    return;
  }
  let grid = grids[index / uniforms.span];
  let code = clamp(round(value / grid.x) + grid.y, LEAST_CODE, GREATEST_CODE);
  y[index] = grid.x * (code - grid.y);
}
