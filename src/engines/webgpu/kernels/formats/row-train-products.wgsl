// y[n, column] = lefts[n, column / RIGHT_INDICES, :] . rights[n, :, column % RIGHT_INDICES], the two tables of a train. An
// invocation makes one element, or four where they have the left vector in common.

const ELEMENTS_OF_A_ROW = WIDTH / ELEMENTS;
const ELEMENTS_OF_A_VECTOR = RIGHT_INDICES / ELEMENTS;

fn element(index: u32) {
  let n = index / ELEMENTS_OF_A_ROW;
  let column = index % ELEMENTS_OF_A_ROW;
  let left = (n * LEFT_INDICES + column / ELEMENTS_OF_A_VECTOR) * RANK;
  var right = n * RANK * ELEMENTS_OF_A_VECTOR + column % ELEMENTS_OF_A_VECTOR;
  var sum = Elements();
  for (var r = 0u; r < RANK; r++) {
    sum += lefts[left + r] * rights[right];
    right += ELEMENTS_OF_A_VECTOR;
  }
  y[index] = sum;
}
