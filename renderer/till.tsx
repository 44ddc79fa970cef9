import { lazy, type ReactNode, Suspense } from 'react';
import { Cashier } from './cashier/cashier.tsx';
import { Setup } from './entry/setup.tsx';
import { SignIn } from './entry/signin.tsx';
import { Stopped } from './entry/stopped.tsx';
import { useFeed, useLanguage } from './ui/frame.tsx';

const Owner = lazy(async () => ({ default: (await import('./owner/owner.tsx')).Owner }));
const Technician = lazy(async () => ({ default: (await import('./technician/technician.tsx')).Technician }));

/** The main window: first start, sign-in, then the screen of whoever is here. */
export function Till(): ReactNode {
  const { value: view } = useFeed((client, signal) => client.counter.watch({}, { signal }));
  const { language, change } = useLanguage(view?.store?.language);
  if (view === undefined) return null;
  // Without a store nothing was opened: there is nobody to sign in.
  if (view.stopped !== null && view.store === null) return <Stopped reason={view.stopped} onLanguage={change} />;
  if (view.setup === 'needed') return <Setup language={language} onLanguage={change} />;
  if (view.session === null) return <SignIn view={view} onLanguage={change} />;
  const { role } = view.session;
  return (
    <Suspense>
      {role === 'owner' && <Owner view={view} onLanguage={change} />}
      {role === 'technician' && <Technician view={view} onLanguage={change} />}
      {(role === 'cashier' || role === 'supervisor') && <Cashier view={view} onLanguage={change} />}
    </Suspense>
  );
}
