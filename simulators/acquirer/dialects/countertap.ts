import { cmacOf, newAesKey } from '../mac.ts';
import { messageClass, read, totalsText } from '../request.ts';
import { countertapForms } from '../wire.ts';
import { answerFields, answerMti, type Dialect, digitsOf } from './dialect.ts';

const repeated = [3, 4, 7, 11, 12, 13, 24, 37, 41, 42, 49, 60];

export const countertap: Dialect = {
  forms: countertapForms,
  open: (bytes) => bytes,
  close: (message) => message,
  isSignOn: ({ mti, fields }) => messageClass(mti) === '0800' && fields.get(3) === '920000',
  signOnSealed: true,
  newKey: newAesKey,
  parameters: { field: 63, as: 'text', most: 700 },
  mac: cmacOf,
  read,
  answer(message, request, verdict, more, now) {
    const fields = answerFields(message, repeated, request, verdict, more);
    if (verdict.totals !== undefined) fields.set(63, totalsText(verdict.totals));
    if (messageClass(message.mti) === '0800') fields.set(57, digitsOf(now));
    return { mti: answerMti(message), fields };
  },
};
