// For each row: the Kullback-Leibler divergence KL(base || variant) of the two softmax distributions in nats, and
// whether both have the same greatest logit. Everything is gathered in one reading of the logits, relative to the
// greatest logits so far (Milakov and Gimelshein 2018).
//
// With b and v the logits less the greatest of their row,
// KL = sum(exp(b) (b - v)) / sum(exp(b)) + log(sum(exp(v)) / sum(exp(b))).
struct State {
  baseGreatest: f32,
  variantGreatest: f32,
  baseQuad: u32,
  variantQuad: u32,
  // sum(exp(b)), sum(exp(v)) and sum(exp(b) (b - v)).
  baseSum: f32,
  variantSum: f32,
  differenceSum: f32,
}
const EMPTY = State(LOWEST, LOWEST, 0u, 0u, 0.0, 0.0, 0.0);

// The sums relative to other, greater logits.
fn relativeTo(baseGreatest: f32, variantGreatest: f32, state: State) -> State {
  let baseStep = baseGreatest - state.baseGreatest;
  let variantStep = variantGreatest - state.variantGreatest;
  let factor = exp(-baseStep);
  var moved = state;
  moved.baseGreatest = baseGreatest;
  moved.variantGreatest = variantGreatest;
  moved.baseSum = state.baseSum * factor;
  moved.variantSum = state.variantSum * exp(-variantStep);
  moved.differenceSum = (state.differenceSum + state.baseSum * (variantStep - baseStep)) * factor;
  return moved;
}

// The quad of the greater logit, the lower one where they are equal.
fn topQuad(greatestA: f32, quadA: u32, greatestB: f32, quadB: u32) -> u32 {
  let isB = greatestB > greatestA || (greatestB == greatestA && quadB < quadA);
  return select(quadA, quadB, isB);
}

fn merged(a: State, b: State) -> State {
  let baseGreatest = max(a.baseGreatest, b.baseGreatest);
  let variantGreatest = max(a.variantGreatest, b.variantGreatest);
  let x = relativeTo(baseGreatest, variantGreatest, a);
  let y = relativeTo(baseGreatest, variantGreatest, b);
  return State(
    baseGreatest,
    variantGreatest,
    topQuad(a.baseGreatest, a.baseQuad, b.baseGreatest, b.baseQuad),
    topQuad(a.variantGreatest, a.variantQuad, b.variantGreatest, b.variantQuad),
    x.baseSum + y.baseSum,
    x.variantSum + y.variantSum,
    x.differenceSum + y.differenceSum,
  );
}

fn including(state: State, quad: u32, base: vec4f, variant: vec4f) -> State {
  let baseGreatest = greatestOf(base);
  let variantGreatest = greatestOf(variant);
  var next = relativeTo(max(baseGreatest, state.baseGreatest), max(variantGreatest, state.variantGreatest), state);
  next.baseQuad = select(state.baseQuad, quad, baseGreatest > state.baseGreatest);
  next.variantQuad = select(state.variantQuad, quad, variantGreatest > state.variantGreatest);
  let b = base - next.baseGreatest;
  let v = variant - next.variantGreatest;
  let weights = exp(b);
  next.baseSum += sumOf(weights);
  next.variantSum += sumOf(exp(v));
  next.differenceSum += dot(weights, b - v);
  return next;
}

fn finish(index: u32, row: Row, state: State) {
  let divergence = state.differenceSum / state.baseSum + log(state.variantSum / state.baseSum);
  divergences[index] = max(divergence, 0.0);
  let baseValues = baseLogitsQuad(row, state.baseQuad);
  let variantValues = variantLogitsQuad(row, state.variantQuad);
  let baseTop = columnOf(state.baseGreatest, state.baseQuad, baseValues, row);
  let variantTop = columnOf(state.variantGreatest, state.variantQuad, variantValues, row);
  sameTop[index] = select(0.0, 1.0, baseTop == variantTop);
}
