import { dismissNotice } from '../../store/lab-store';
import { useLab, useLabContext } from '../lab-context';

/** Messages about errors and finished work; they stay until dismissed. */
export function Notices() {
  const context = useLabContext();
  const notices = useLab((state) => state.notices);
  return (
    <section className="notices" aria-label="Notices" aria-live="assertive">
      {notices.map(({ id, kind, text }) => (
        <div key={id} className={`notice ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
          <p>{text}</p>
          <button
            type="button"
            className="quiet"
            aria-label="Dismiss"
            onClick={() => dismissNotice(context, id)}
          >
            ×
          </button>
        </div>
      ))}
    </section>
  );
}
