import { openDeviceAndModel } from '../../store/open-actions';
import { useLab, useLabContext } from '../lab-context';

/** Explains why there is no graphics device and what to do; the rest of the page stays readable. */
export function DeviceBanner() {
  const context = useLabContext();
  const device = useLab((state) => state.device);
  if (device.status !== 'unavailable' && device.status !== 'lost') return null;
  return (
    <section className="banner" role="alert">
      <p>
        <b>
          {device.status === 'lost'
            ? 'The graphics device is gone.'
            : 'Lathe cannot use a graphics device here.'}
        </b>{' '}
        {device.message} Recorded figures stay readable.
      </p>
      <button type="button" className="primary" onClick={() => void openDeviceAndModel(context)}>
        Open the device again
      </button>
    </section>
  );
}
