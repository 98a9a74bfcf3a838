import { recipeTexts } from '../../store/recipe-texts';
import { useLab } from '../lab-context';

interface TextChoiceProps {
  /** For example "Calibration text". */
  readonly label: string;
  /** Undefined until a text is chosen. */
  readonly text: string | undefined;
  onChoose(text: string): void;
  onFile(file: File): void;
}

/** Selects a shipped text or a file of the user's. */
export function TextChoice({ label, text, onChoose, onFile }: TextChoiceProps) {
  const dataSets = useLab((state) => state.dataSets);
  const userTexts = useLab((state) => state.userTexts);
  const shipped = recipeTexts({ dataSets });
  const isKnown = text === undefined || userTexts.includes(text) || shipped.some(({ file }) => file === text);
  return (
    <>
      {text !== undefined && (
        <label className="field">
          <span>{label}</span>
          <select value={text} onChange={(event) => onChoose(event.target.value)}>
            {shipped.map(({ file, title }) => (
              <option key={file} value={file}>
                {title}
              </option>
            ))}
            {userTexts.map((name) => (
              <option key={name}>{name}</option>
            ))}
            {!isKnown && <option>{text}</option>}
          </select>
        </label>
      )}
      <label className="field">
        <span>Or a file of your own (it stays on this machine)</span>
        <input
          type="file"
          accept=".txt,.tsv,.md,text/*"
          aria-label={`Own ${label.toLowerCase()}`}
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) onFile(file);
          }}
        />
      </label>
    </>
  );
}
