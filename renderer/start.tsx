import './ui/tokens.css';
import './ui/base.css';
import { type ComponentType, lazy, StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nextProvider } from 'react-i18next';
import { connect } from './core.ts';
import { Frame } from './ui/frame.tsx';
import { startTheme } from './ui/theme.ts';
import { createWords } from './words/words.ts';

// The port may be posted before anything is drawn: listen first.
const core = connect(window);

const screens: Record<'main' | 'customer' | 'virtual', ComponentType> = {
  main: lazy(async () => ({ default: (await import('./till.tsx')).Till })),
  customer: lazy(async () => ({ default: (await import('./customer/customer.tsx')).Customer })),
  virtual: lazy(async () => ({ default: (await import('./virtual/virtual.tsx')).Virtual })),
};

const asked = new URLSearchParams(location.search).get('window');
const name = asked === 'customer' || asked === 'virtual' ? asked : 'main';
const Screen = screens[name];
const root = document.getElementById('root');

startTheme();
if (root) {
  createRoot(root).render(
    <StrictMode>
      <I18nextProvider i18n={createWords(navigator.language.startsWith('zh') ? 'zh-CN' : 'en')}>
        <Frame core={core} quiet={name === 'customer'}>
          <Suspense>
            <Screen />
          </Suspense>
        </Frame>
      </I18nextProvider>
    </StrictMode>,
  );
}
