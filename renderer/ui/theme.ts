import { useState } from 'react';

export type Theme = 'light' | 'dark';

function stored(): Theme | undefined {
  const kept = localStorage.getItem('theme');
  return kept === 'light' || kept === 'dark' ? kept : undefined;
}

function show(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
}

/** Shows the theme chosen on this till, or the system's. Call once, before the first picture. */
export function startTheme(): void {
  show(stored() ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'));
  addEventListener('storage', (event) => {
    if (event.key === 'theme') show(stored() ?? 'light');
  });
}

/** The theme and its switch; other windows follow. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState<Theme>(document.documentElement.dataset['theme'] === 'dark' ? 'dark' : 'light');
  return [
    theme,
    () => {
      const next = theme === 'dark' ? 'light' : 'dark';
      localStorage.setItem('theme', next);
      show(next);
      setTheme(next);
    },
  ];
}
