/** Mirrors `ParameterField` of compression/method.ts. */
export type FieldDescription =
  | {
      kind: 'number';
      label: string;
      min: number;
      max: number;
      step: number;
      default: number;
      unit?: string;
      optional?: boolean;
      startsUnset?: boolean;
      rarelyChanged?: boolean;
      help: string;
    }
  | {
      kind: 'choice';
      label: string;
      options: readonly { value: string | number | boolean; label: string }[];
      default: string | number | boolean;
      rarelyChanged?: boolean;
      help: string;
    }
  | { kind: 'text'; label: string; default: string; placeholder: string; optional?: boolean; help: string };

export interface MethodDescription {
  readonly id: string;
  /** Under which the page offers it: Pruning, Quantization, … */
  readonly group: string;
  readonly title: string;
  readonly paper: string;
  readonly summary: string;
  /** Targets that a step of it begins with. */
  readonly usualTargets?: readonly string[];
  readonly fields: Readonly<Record<string, FieldDescription>>;
  /** It may need calibration sequences. */
  readonly calibrates: boolean;
  /** It needs a text to train on. */
  readonly trains: boolean;
}
