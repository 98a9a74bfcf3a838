// For each train two tables: of all indices of the first cores the products of their matrices, a row vector each, and of all
// indices of the other cores theirs, a column vector each. One vector per invocation; `leftHalf` and `rightHalf` walk through
// the cores of the shape that the kernel was made for.
fn element(index: u32) {
  let n = index / (LEFT_INDICES + RIGHT_INDICES);
  let entry = index % (LEFT_INDICES + RIGHT_INDICES);
  let train = (uniforms.firstRow + n) * TRAIN_VALUES;
  if (entry < LEFT_INDICES) {
    leftHalf(train, entry, (n * LEFT_INDICES + entry) * RANK);
  } else {
    // Column vectors are stored element by element, with all indices of an element together.
    rightHalf(train, entry - LEFT_INDICES, n * RANK * RIGHT_INDICES + entry - LEFT_INDICES);
  }
}
