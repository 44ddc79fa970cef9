import type { ReactNode } from 'react';
import type { CounterView } from '../../contract/counter.ts';
import { Cashier } from '../cashier/cashier.tsx';

interface OwnerProps {
  readonly view: CounterView;
  readonly onLanguage: () => void;
}

export function Owner({ view, onLanguage }: OwnerProps): ReactNode {
  return <Cashier view={view} onLanguage={onLanguage} />;
}
