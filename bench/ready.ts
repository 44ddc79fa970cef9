// Started by start.ts: opens the terminal and says when it can charge.
//   node bench/ready.ts DATA PROFILE VIRTUAL
import { openTerminal } from '../main/core/open.ts';

const [, , data = '', profile = '', virtual = ''] = process.argv;
const { core } = await openTerminal({ data, profile, virtual, zone: 'Asia/Shanghai' }, (error) => {
  throw error;
});
core.start();

function tell(): void {
  if (core.link.state.status === 'online') console.log('ready');
}

core.onChange(tell);
tell();
process.once('SIGTERM', () => void core.close().then(() => process.exit(0)));
