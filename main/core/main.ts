import { runCommand } from './command/program.ts';
import { runUtility } from './utility.ts';

// The same program is the shell's utility process and, under plain Node, the command line.
if (process.parentPort) void runUtility(process.argv.slice(2), process.parentPort);
else {
  const code = await runCommand(process.argv.slice(2));
  // Whoever watches PC/SC readers never stops (drivers/pcsclite), and would keep the process.
  process.stdout.write('', () => process.exit(code));
}
