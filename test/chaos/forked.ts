import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Gives a program of this folder one task in a process of its own, and answers what it sends back. Rejects when it ends without. */
export async function forked<Task extends object, Result>(program: string, task: Task): Promise<Result> {
  const child = fork(program, [], { stdio: 'inherit', execArgv: [] });
  child.send(task);
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`${program} ended with ${code}`);
  });
  const [result]: Result[] = await Promise.race([once(child, 'message') as Promise<[Result]>, gone]);
  if (!result) throw new Error(`${program} said nothing`);
  await gone.catch(() => undefined);
  return result;
}

/** The other side: carries out the task that comes, sends its result and ends. */
export function serve<Task, Result>(work: (task: Task) => Promise<Result>): void {
  process.once('message', (task: Task) => {
    work(task).then(
      (result) => process.send?.(result, () => process.exit(0)),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  });
}
