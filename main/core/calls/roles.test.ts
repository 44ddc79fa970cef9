import { type AnyProcedure, call, ORPCError } from '@orpc/server';
import { describe, expect, test } from 'vitest';
import { Role } from '../../../contract/role.ts';
import { type Access, terminal } from '../../../contract/terminal.ts';
import { router } from './router.ts';

interface Named {
  readonly path: string;
  readonly access: Access;
  readonly procedure: AnyProcedure;
}

function isProcedure(value: object): value is AnyProcedure {
  return '~orpc' in value;
}

/** Every procedure below a node, with the path by which a page calls it. */
function proceduresIn(node: object, path = ''): [string, AnyProcedure][] {
  return Object.entries(node).flatMap(([name, value]: [string, unknown]): [string, AnyProcedure][] => {
    if (typeof value !== 'object' || value === null) return [];
    const at = path === '' ? name : `${path}.${name}`;
    return isProcedure(value) ? [[at, value]] : proceduresIn(value, at);
  });
}

const calls: Named[] = proceduresIn(router).map(([path, procedure]) => {
  const access: Access = procedure['~orpc'].meta;
  return { path, access, procedure };
});

class Reached extends Error {}

/** A core in which nothing can be done: whoever gets so far was let in. */
function untouchable(): object {
  return new Proxy(
    {},
    {
      get: (_, name) => {
        if (name === 'world') return { clock: { monotonic: () => 1_000, now: () => 1_000 } };
        throw new Reached(String(name));
      },
    },
  );
}

/** How the door answers: `in` when the call gets past it, else the code of its refusal. */
async function knock(procedure: AnyProcedure, role: Role | null, window = 'main'): Promise<string> {
  const session = role === null ? null : { person: role === 'supervisor' ? 'owner' : role, role };
  const port = { window, session, lastCall: 0, calls: [], sales: [], misdeed: () => undefined };
  const context = { core: untouchable(), port, board: untouchable(), keyboard: untouchable(), virtual: undefined };
  try {
    await call(procedure, undefined, { context });
    return 'in';
  } catch (error) {
    if (error instanceof ORPCError && error.code === 'REFUSED') {
      const { code } = error.data as { code: string };
      return code === 'not-allowed' || code === 'not-signed-in' ? code : 'in';
    }
    return 'in';
  }
}

test('every call of the contract is served, and says who may make it', () => {
  expect(calls.map(({ path }) => path).sort()).toEqual(
    proceduresIn(terminal)
      .map(([path]) => path)
      .sort(),
  );
  expect(calls.length).toBeGreaterThan(40);
  for (const { path, access } of calls) expect(access.roles.length, path).toBeGreaterThan(0);
});

describe.each([...Role.options, null])('somebody who is %s', (role) => {
  test.each(calls)('$path', async ({ access, procedure }) => {
    const open = access.roles === 'anyone';
    const may = open || (role !== null && access.roles.includes(role));
    expect(await knock(procedure, role)).toBe(may ? 'in' : role === null ? 'not-signed-in' : 'not-allowed');
  });
});

test('the customer’s display reaches only what is made for it, whoever is signed in', async () => {
  const reached: string[] = [];
  for (const { path, access, procedure } of calls) {
    const answer = await knock(procedure, 'owner', 'customer');
    expect(answer, path).toBe(access.customerDisplay ? 'in' : 'not-allowed');
    if (answer === 'in') reached.push(path);
  }
  expect(reached.filter((path) => !path.startsWith('counter.'))).toEqual([]);
});

test('a technician moves no money, and only the owner closes, decides and gives the day its end', () => {
  const rolesOf = (path: string): Access['roles'] | undefined => calls.find((one) => one.path === path)?.access.roles;
  for (const { path, access } of calls) {
    if (/^(sale|day|queue)\./.test(path)) expect(access.roles, path).not.toContain('technician');
    if (/^(sale|day|queue|payments)\./.test(path)) expect(access.roles, path).not.toBe('anyone');
  }
  for (const path of ['day.close', 'payments.decide']) expect(rolesOf(path), path).toEqual(['owner']);
  for (const path of ['sale.refund', 'sale.void', 'sale.release']) {
    expect(rolesOf(path), path).toEqual(['cashier', 'supervisor', 'owner']);
  }
});
