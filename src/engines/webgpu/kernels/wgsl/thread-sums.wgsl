// Sums over the threads of one workgroup; included before each kernel that needs them. THREADS is a multiple of 16.
const THREADS_IN_BLOCK = 16u;
const BLOCKS = THREADS / THREADS_IN_BLOCK;

// Sums over the threads before this one, and over all.
struct Sums {
  before: u32,
  total: u32,
}

var<workgroup> amounts: array<u32, THREADS>;
var<workgroup> blockAmounts: array<u32, BLOCKS>;
var<workgroup> said: u32;

fn sumsOverThreads(thread: u32, amount: u32) -> Sums {
  amounts[thread] = amount;
  workgroupBarrier();
  if (thread < BLOCKS) {
    var sum = 0u;
    for (var part = 0u; part < THREADS_IN_BLOCK; part++) {
      sum += amounts[thread * THREADS_IN_BLOCK + part];
    }
    blockAmounts[thread] = sum;
  }
  workgroupBarrier();
  let ownBlock = thread / THREADS_IN_BLOCK;
  var sums = Sums(0u, 0u);
  for (var block = 0u; block < BLOCKS; block++) {
    sums.before += select(0u, blockAmounts[block], block < ownBlock);
    sums.total += blockAmounts[block];
  }
  for (var part = ownBlock * THREADS_IN_BLOCK; part < thread; part++) {
    sums.before += amounts[part];
  }
  workgroupBarrier();
  return sums;
}

// Broadcasts the first thread's value, for uniform control flow.
fn ofFirstThread(thread: u32, value: u32) -> u32 {
  if (thread == 0u) {
    said = value;
  }
  return workgroupUniformLoad(&said);
}
