// y[row] = changes[row] * the gradient of the row's loss with respect to its logits, 0 where the target is negative; an element is a lane.
// `gradient` stands with the loss: of lane `index` of all the logits, `hot` being that lane of the target's one-hot vector.
fn element(index: u32) {
  let lanes = uniforms.width / LANE_COLUMNS;
  let row = index / lanes;
  let label = targets[row];
  if (label < 0) {
    y[index] = Lane();
    return;
  }
  y[index] = changes[row] * gradient(row, index, oneHot(index % lanes * LANE_COLUMNS, label));
}
