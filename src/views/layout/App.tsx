import { useEffect } from 'react';
import { CheckpointPanel } from '../checkpoint/CheckpointPanel';
import { ComparisonCharts } from '../chart/ComparisonCharts';
import { CompareView } from '../compare/CompareView';
import { useLab } from '../lab-context';
import { MeasurePanel } from '../measure/MeasurePanel';
import { Notices } from '../notices/Notices';
import { RecipePanel } from '../recipe/RecipePanel';
import { SensitivityPanel } from '../sensitivity/SensitivityPanel';
import { TrainingPanel } from '../training/TrainingPanel';
import { VariantsTable } from '../variants/VariantsTable';
import { DeviceBanner } from './DeviceBanner';
import { DropArea } from './DropArea';
import { Header } from './Header';
import { OperationBar } from './OperationBar';

/** The page, with controls on the left and results on the right. */
export function App() {
  const theme = useLab((state) => state.theme);
  const generation = useLab((state) => state.generation);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  return (
    <DropArea>
      <Header />
      <OperationBar />
      <DeviceBanner />
      <div className="page">
        <aside className="tools" aria-label="Tools">
          <CheckpointPanel />
          <RecipePanel />
          <MeasurePanel />
        </aside>
        <main className="results" aria-label="Results">
          <TrainingPanel />
          <ComparisonCharts />
          <VariantsTable />
          <CompareView key={generation} />
          <SensitivityPanel key={`sensitivity ${generation}`} />
        </main>
      </div>
      <Notices />
    </DropArea>
  );
}
