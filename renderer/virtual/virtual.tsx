import type { ReactNode } from 'react';

export function Virtual(): ReactNode {
  return null;
}
