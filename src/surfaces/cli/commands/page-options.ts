/** `--limit` and `--cursor` as operations take them. */
import type { PageInput } from '../../../operations/page.ts';
import { PAGE_MAX } from '../../../operations/page.ts';
import { AimxError } from '../../../system/errors.ts';
import { type Invocation, textOption } from '../invocation.ts';

/** @throws `request.invalid` unless `text` is a whole number from 1 to `max`. */
export function positiveNumber(option: string, text: string, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new AimxError('request.invalid', `Cannot use ${JSON.stringify(text)} for ${option}`, {
    hint: `give a whole number from 1 to ${max}`,
  });
}

export function pageOptions(invocation: Invocation): PageInput {
  const limit = textOption(invocation, 'limit');
  const cursor = textOption(invocation, 'cursor');
  return {
    ...(limit === undefined ? {} : { limit: positiveNumber('--limit', limit, PAGE_MAX) }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}
