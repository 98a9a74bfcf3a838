import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createLabClient } from '../lab/worker/lab-client';
import { createLabStore } from '../store/lab-store';
import { startLab } from '../store/open-actions';
import { restoreFromAddress, storeInAddress } from '../store/address';
import { LabReactContext } from './lab-context';
import { App } from './layout/App';
import { ErrorBoundary } from './layout/ErrorBoundary';
import './styles/theme.css';
import './styles/layout.css';
import './styles/parts.css';

const context = { store: createLabStore(restoreFromAddress(location.hash)), lab: createLabClient() };
storeInAddress(context.store);

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <LabReactContext value={context}>
      <ErrorBoundary>
        <App />
      </ErrorBoundary>
    </LabReactContext>
  </StrictMode>,
);
void startLab(context);
