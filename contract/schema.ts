import * as z from 'zod';

// zod builds validators with `new Function`, which the pages' content security policy forbids.
// The switch must be thrown before the first schema exists, so every schema is made from this module.
z.config({ jitless: true });

export { z };
