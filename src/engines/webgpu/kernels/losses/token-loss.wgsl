// losses[row] = log(sum(exp(logits[row]))) - logits[row, target], 0 where the target is negative; the softmax is an
// online one (Milakov and Gimelshein 2018), so that the logits are read once.
struct State {
  greatest: f32,
  // Sum of exp(logit - greatest).
  sum: f32,
}
const EMPTY = State(LOWEST, 0.0);

fn relativeTo(greatest: f32, state: State) -> State {
  return State(greatest, state.sum * exp(state.greatest - greatest));
}

fn merged(a: State, b: State) -> State {
  let greatest = max(a.greatest, b.greatest);
  return State(greatest, relativeTo(greatest, a).sum + relativeTo(greatest, b).sum);
}

fn including(state: State, quad: u32, values: vec4f) -> State {
  let greatest = max(state.greatest, greatestOf(values));
  return State(greatest, relativeTo(greatest, state).sum + sumOf(exp(values - greatest)));
}

fn finish(index: u32, row: Row, state: State) {
  let label = targets[index];
  let at = row.begin + u32(max(label, 0));
  let logit = logitsQuad(row, at / 4u)[at % 4u];
  losses[index] = select(0.0, log(state.sum) + state.greatest - logit, label >= 0);
}
