// tops[row] = column of the greatest logit, the lowest among equals.
struct State {
  greatest: f32,
  // First column that holds it.
  quad: u32,
}
const EMPTY = State(LOWEST, 0u);

fn including(state: State, quad: u32, values: vec4f) -> State {
  let greatest = greatestOf(values);
  return State(max(state.greatest, greatest), select(state.quad, quad, greatest > state.greatest));
}

fn merged(a: State, b: State) -> State {
  let isB = b.greatest > a.greatest || (b.greatest == a.greatest && b.quad < a.quad);
  return State(max(a.greatest, b.greatest), select(a.quad, b.quad, isB));
}

fn finish(index: u32, row: Row, state: State) {
  tops[index] = i32(columnOf(state.greatest, state.quad, logitsQuad(row, state.quad), row));
}
