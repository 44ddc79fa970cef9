import type { ReactNode } from 'react';
import type { CounterView } from '../../contract/counter.ts';
import { Cashier } from '../cashier/cashier.tsx';

interface TechnicianProps {
  readonly view: CounterView;
  readonly onLanguage: () => void;
}

export function Technician({ view, onLanguage }: TechnicianProps): ReactNode {
  return <Cashier view={view} onLanguage={onLanguage} />;
}
