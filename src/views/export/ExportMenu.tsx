import { DropdownMenu } from 'radix-ui';
import { waitForGzipSizes } from '../../store/gzip-sizes';
import type { VariantRow } from '../../store/lab-state';
import { type LabContext, notify, runOperation } from '../../store/lab-store';
import { reportOf } from '../../store/page-report';
import { useLab, useLabContext } from '../lab-context';
import { ExportItems } from './ExportItems';
import { saveBlob, saveText } from './save-text';
import { directorySink, zipSink } from './sinks';

/** Menu that saves a variant as files or, without a row, the whole comparison as a report. */
export function ExportMenu({ row }: { row?: VariantRow }) {
  const context = useLabContext();
  const busy = useLab((state) => state.operation !== undefined);
  if (!row) {
    return (
      <button type="button" className="quiet" onClick={() => void saveReport(context)}>
        Save report
      </button>
    );
  }
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger disabled={busy} aria-label={`Export ${row.name}`}>
        Export
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end">
          <ExportItems
            exports={row.exports ?? []}
            onChoose={(exportId) => void exportVariant(context, row, exportId)}
          />
          <DropdownMenu.Item
            onSelect={() => saveText(`${row.name}.recipe.json`, JSON.stringify(row.recipe, undefined, 2))}
          >
            Its recipe
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

async function saveReport(context: LabContext): Promise<void> {
  if (!(await waitForGzipSizes(context))) return;
  const report = reportOf(context.store.getState());
  if (report) saveText(`${report.model.name}.report.json`, JSON.stringify(report, undefined, 2));
  else notify(context, 'error', 'There is nothing to report yet; load a model first.');
}

async function exportVariant(context: LabContext, row: VariantRow, exportId: string): Promise<void> {
  const folder = `${row.name.replace(/[^\w.-]+/g, '-')}-${exportId}`;
  const directory = await chooseDirectory();
  if (directory === 'cancelled') return;
  await runOperation(context, `Exporting ${row.name}`, async (options) => {
    if (directory) {
      const target = await directory.getDirectoryHandle(folder, { create: true });
      await context.lab.export(row.id!, exportId, directorySink(target), options);
    } else {
      const { sink, finish } = zipSink(folder);
      await context.lab.export(row.id!, exportId, sink, options);
      saveBlob(`${folder}.zip`, await finish());
    }
    notify(
      context,
      'done',
      `${row.name} was exported as ${directory ? `the folder ${folder}` : `${folder}.zip`}.`,
    );
  });
}

type DirectoryPicker = (options: { mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>;

/** Folder to write to; undefined if the browser cannot provide one (a zip is made instead). */
async function chooseDirectory(): Promise<FileSystemDirectoryHandle | 'cancelled' | undefined> {
  const picker = (window as { showDirectoryPicker?: DirectoryPicker }).showDirectoryPicker;
  if (!picker) return undefined;
  try {
    return await picker.call(window, { mode: 'readwrite' });
  } catch (error) {
    // A closed dialog cancels the export; any other failure falls back to the zip.
    return (error as Error).name === 'AbortError' ? 'cancelled' : undefined;
  }
}
