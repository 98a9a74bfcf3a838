import { Dialog } from 'radix-ui';
import type { LabState } from '../../store/lab-state';
import { useLab, useLabContext } from '../lab-context';

const NEXT_THEME: Readonly<Record<LabState['theme'], LabState['theme']>> = {
  system: 'light',
  light: 'dark',
  dark: 'system',
};

/** Name, device and the controls that concern the whole page. */
export function Header() {
  const { store } = useLabContext();
  const theme = useLab((state) => state.theme);
  return (
    <header className="header">
      <h1>
        Lathe <span>a compression lab for small language models, on your own GPU</span>
      </h1>
      <DeviceLine />
      <button
        type="button"
        className="quiet"
        onClick={() => store.setState({ theme: NEXT_THEME[theme] })}
        aria-label={`Colour theme: ${theme}. Switch to ${NEXT_THEME[theme]}`}
      >
        {theme === 'dark' ? '☾' : theme === 'light' ? '☀' : '◐'} {theme}
      </button>
      <Help />
    </header>
  );
}

function DeviceLine() {
  const device = useLab((state) => state.device);
  const checks = useLab((state) => state.kernelChecks);
  if (device.status === 'opening') return <p className="device">Opening the graphics device …</p>;
  if (device.status !== 'ready') return <p className="device">No graphics device</p>;
  const { description, vendor, architecture, isFallback, runtime } = device.info;
  const name = description || [vendor, architecture].filter(Boolean).join(' ');
  return (
    <p className="device" title={[...device.info.features, ...device.info.languageFeatures].join(', ')}>
      {name} · {runtime}
      {isFallback && <strong> · software rendering: speeds say little about a GPU</strong>}
      {checks && <KernelChecks checks={checks} />}
    </p>
  );
}

function KernelChecks({ checks }: { checks: NonNullable<LabState['kernelChecks']> }) {
  const wrong = checks.filter(({ passed }) => !passed).length;
  if (wrong > 0) return <strong> · {wrong} kernels compute wrong results here</strong>;
  return (
    <span title="Every kind of kernel was run on this device and compared with a float64 computation on the CPU.">
      {' '}
      · {checks.length} kernel checks passed
    </span>
  );
}

function Help() {
  return (
    <Dialog.Root>
      <Dialog.Trigger className="quiet">What is this?</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog" aria-describedby={undefined}>
          <Dialog.Title>What you are looking at</Dialog.Title>
          <p>
            Each point is one variant of the model, made from it by a <b>recipe</b>: pruning, quantization, or
            a factorization of its weight matrices. Left is smaller (or faster), and the line joins the
            variants that no other one beats in both.
          </p>
          <p>
            <b>Sizes are those of a file.</b> Half of the weights set to zero is not half of the bytes: which
            ones are left has to be stored too. Bits per weight counts everything.
          </p>
          <p>
            <b>Speeds are measured here.</b> A factorized layer needs fewer operations, a quantized one moves
            fewer bytes; whether that is faster depends on this device, so it is never computed, only timed,
            base and variants in turn.
          </p>
          <p>
            <b>What is kept</b> is perplexity or accuracy on a text the model was not trained on, and the
            divergence of its predictions from the base. Factorizations lose much on a trained model unless it
            is trained again.
          </p>
          <p>Nothing that you drop here leaves your machine.</p>
          <Dialog.Close className="primary">Close</Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
