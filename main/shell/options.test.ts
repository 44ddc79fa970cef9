import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

describe('what the shell is started with', () => {
  it('passes over the switches of Chromium', () => {
    const argv = ['--no-sandbox', '--remote-debugging-port=0', '--data', 'books', '--kiosk'];
    expect(readOptions(argv, '/till')).toEqual({
      data: '/till/books',
      screenshot: undefined,
      virtual: false,
      kiosk: true,
      core: [],
    });
  });

  it('gives the core its options, with whole paths', () => {
    const argv = ['--profile=bank.json', '--virtual', '127.0.0.1:7', '--reader', 'Virtual PCD 00 00', '--safe-mode'];
    expect(readOptions(argv, '/till')).toMatchObject({
      virtual: true,
      core: [
        '--profile',
        '/till/bank.json',
        '--virtual',
        '127.0.0.1:7',
        '--reader',
        'Virtual PCD 00 00',
        '--safe-mode',
      ],
    });
  });

  it('says which option lacks its value', () => {
    expect(readOptions(['--data'], '/')).toBe('--data needs a value.');
    expect(readOptions(['--profile', '--kiosk'], '/')).toBe('--profile needs a value.');
    expect(readOptions(['--screenshot='], '/')).toBe('--screenshot needs a value.');
  });
});
