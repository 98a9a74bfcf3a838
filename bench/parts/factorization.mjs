import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { closePage, openPage } from '../browser.mjs';
import { ROOT } from '../../scripts/dependencies.mjs';

/** Share of each matrix's parameters that the factors may hold. */
const SHARE = 0.5;

/**
 * Truncated SVD of all linears of a model: Lathe in the browser, then NumPy, once each, since each takes minutes.
 * @returns {Promise<{ latheSeconds: number, numpySeconds?: number, missing?: string }>}
 */
export async function measureFactorization(browser, address, source, folder, python) {
  const page = await openPage(browser, address);
  const latheSeconds = await page.evaluate(
    async ([source, share]) => (await window.bench.factorization()).factorizeLinears(source, share),
    [source, SHARE],
  );
  await closePage(page);
  if (!existsSync(python)) {
    return { latheSeconds, missing: 'numpy: give a Python that has it by --python' };
  }
  const script = join(ROOT, 'bench', 'factorization', 'numpy_svd.py');
  const { stdout } = await promisify(execFile)(python, [script, '--model', folder, '--share', String(SHARE)]);
  return { latheSeconds, numpySeconds: JSON.parse(stdout).seconds };
}
