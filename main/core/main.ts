import { runCommand } from './command/program.ts';
import { runUtility } from './utility.ts';

// The same program is the shell's utility process and, under plain Node, the command line.
if (process.parentPort) void runUtility(process.argv.slice(2), process.parentPort);
else process.exitCode = await runCommand(process.argv.slice(2));
