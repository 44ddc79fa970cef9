import { Person } from '../../../contract/role.ts';
import { contract, refusal } from './access.ts';

/** First start: the store's name and day, and a PIN for everybody. Once. */
export const setup = {
  complete: contract.setup.complete.handler(async ({ input, context: { core } }) => {
    if (core.ready) throw refusal('setup-done');
    const people = await core.staff.derive(input.pins);
    if (core.ready) throw refusal('setup-done');
    core.staff.store(people);
    const { storeName: name, terminal, dayCut, language } = input;
    core.configure({ ...core.settings, name, terminal, dayCut, language }, 'owner');
    return {};
  }),
};

export const session = {
  signIn: contract.session.signIn.handler(async ({ input, context: { core, port } }) => {
    const signedIn = await core.staff.signIn(input.person, input.pin);
    if (!signedIn.ok) {
      core.note('session', `sign-in-${signedIn.code}`, input.person);
      throw refusal(signedIn.code, undefined, signedIn.code === 'locked-out' ? signedIn.waitMs : undefined);
    }
    core.note('session', 'signed-in', input.person);
    port.session = signedIn.session;
    core.changed();
    return signedIn.session;
  }),
  signOut: contract.session.signOut.handler(({ context: { core, port } }) => {
    if (port.session) core.note('session', 'signed-out', port.session.person);
    port.session = null;
    core.changed();
    return {};
  }),
  language: contract.session.language.handler(({ input, context: { core } }) => {
    if (core.ready) core.configure({ ...core.settings, language: input.language }, Person.enum.cashier);
    return {};
  }),
};
