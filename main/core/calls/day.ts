import { dayReceipt } from '../reports/receipt.ts';
import { readToday } from '../reports/today.ts';
import { contract, refusal, refusing } from './access.ts';

const REPORTS = 60;

export const day = {
  today: contract.day.today.handler(({ context: { core } }) =>
    readToday(core.book.db, core.today, core.currency, core.settings.zone),
  ),
  xReport: contract.day.xReport.handler(({ context: { core } }) => core.settlement.report()),
  printX: contract.day.printX.handler(async ({ context: { core } }) => {
    const report = core.settlement.report();
    const printed = await core.world.devices.printer.print(dayReceipt(report, core.receiptContext(false)));
    if (!printed.ok) throw refusal('no-printer', printed.trouble);
    return report;
  }),
  printZ: contract.day.printZ.handler(async ({ input, context: { core } }) => {
    const report = core.settlement.made(input.number);
    if (!report) throw refusal('input-invalid', `no day was closed as Z ${input.number}`);
    const printed = await core.world.devices.printer.print(dayReceipt(report, core.receiptContext(true)));
    if (!printed.ok) throw refusal('no-printer', printed.trouble);
    return report;
  }),
  close: contract.day.close.handler(async function* ({ input, context: { core } }) {
    for await (const step of refusing(core, core.settlement.close(input.key))) {
      core.changed();
      yield step;
    }
  }),
  reports: contract.day.reports.handler(({ context: { core } }) => core.settlement.reports(REPORTS)),
};

export const record = {
  acknowledge: contract.record.acknowledge.handler(async ({ input, context: { core } }) => {
    const owner = await core.staff.signIn('owner', input.ownerPin);
    if (!owner.ok) throw refusal(owner.code, undefined, owner.code === 'locked-out' ? owner.waitMs : undefined);
    core.custody.acknowledge('owner');
    return {};
  }),
};
