import { runCommand } from './command/program.ts';
import { runUtility } from './utility.ts';

// What it makes is readable by its owner alone, in a folder that was made by somebody else too.
process.umask(0o077);

// The same program is the shell's utility process and, under plain Node, the command line.
if (process.parentPort) void runUtility(process.argv.slice(2), process.parentPort);
else {
  const code = await runCommand(process.argv.slice(2));
  // Whoever watches PC/SC readers never stops (drivers/pcsclite), and would keep the process.
  process.stdout.write('', () => process.exit(code));
}
