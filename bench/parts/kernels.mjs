import { closePage, openPage } from '../browser.mjs';
import { FORMATS } from '../formats.mjs';

/** [outputs, inputs] of GPT-2 small's linears, and a square shape of large models. */
const GPT2_SMALL = [
  [2304, 768],
  [768, 768],
  [3072, 768],
  [768, 3072],
];
const SQUARE = [4096, 4096];
const GEMM_TOKENS = 256;

/**
 * Products in every format: one token (GEMV) and many (GEMM).
 * @param {boolean} quick one shape for GEMV; GEMM and the large shape only for the two formats with ratios
 * @returns {Promise<{ copyGigabytesPerSecond: number, rows: object[] }>}
 */
export async function measureKernels(browser, address, quick) {
  const page = await openPage(browser, address);
  const copyGigabytesPerSecond = await page.evaluate(async () =>
    (await window.bench.kernels()).copyBandwidth(),
  );
  const rows = [];
  for (const each of quick ? quickCases() : allCases()) {
    const figures = await page.evaluate(
      async (kernel) => (await window.bench.kernels()).benchKernel(kernel),
      each,
    );
    rows.push({ ...each, ...figures, copyShare: figures.gigabytesPerSecond / copyGigabytesPerSecond });
  }
  await closePage(page);
  return { copyGigabytesPerSecond, rows };
}

function allCases() {
  return [...GPT2_SMALL, SQUARE].flatMap((shape) =>
    [1, GEMM_TOKENS].flatMap((tokens) => FORMATS.map(({ key }) => caseOf(key, shape, tokens))),
  );
}

function quickCases() {
  return [
    ...FORMATS.map(({ key }) => caseOf(key, GPT2_SMALL[2], 1)),
    ...['dense', 'int8'].flatMap((key) => [caseOf(key, GPT2_SMALL[1], GEMM_TOKENS), caseOf(key, SQUARE, 1)]),
  ];
}

function caseOf(form, [outputs, inputs], tokens) {
  return { form, outputs, inputs, tokens };
}
