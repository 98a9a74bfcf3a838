// KL(teacher || student) of a query's attention over its visible keys, and its gradient with respect to the student's scores. One
// row of scores an invocation; rows of padding have neither. `keysOf` and `keysSeen` come from the text before
// this.
//
// With s and t the two rows of scores, scaled, less their greatest,
// KL = sum(exp(t) (t - s)) / sum(exp(t)) + log(sum(exp(s)) / sum(exp(t))).
fn element(row: u32) {
  let isPadding = row % uniforms.length >= keysOf(row);
  let start = row * uniforms.length;
  let end = start + select(keysSeen(row), 0u, isPadding);
  var greatest = student[start];
  var greatestOfTeacher = teacher[start];
  for (var key = start + 1u; key < end; key++) {
    greatest = max(greatest, student[key]);
    greatestOfTeacher = max(greatestOfTeacher, teacher[key]);
  }
  var sum = 0.0;
  var teacherSum = 0.0;
  var differenceSum = 0.0;
  for (var key = start; key < end; key++) {
    let s = uniforms.studentScale * (student[key] - greatest);
    let t = uniforms.teacherScale * (teacher[key] - greatestOfTeacher);
    let share = exp(t);
    sum += exp(s);
    teacherSum += share;
    differenceSum += share * (t - s);
  }
  // Rounding may bring it just below 0.
  divergences[row] = select(0.0, max(differenceSum / teacherSum + log(sum / teacherSum), 0.0), end > start);
  for (var key = start; key < end; key++) {
    let s = uniforms.studentScale * (student[key] - greatest);
    let t = uniforms.teacherScale * (teacher[key] - greatestOfTeacher);
    changes[key] = uniforms.studentScale * (exp(s) / sum - exp(t) / teacherSum);
  }
  for (var key = end; key < start + uniforms.length; key++) {
    changes[key] = 0.0;
  }
}
