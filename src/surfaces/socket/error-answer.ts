/** Errors as HTTP answers: `{"error":{code,message,hint}}` (contract §8). */
import { AimxError, type ErrorCode } from '../../system/errors.ts';

export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
    readonly detail?: Readonly<Record<string, unknown>>;
  };
}

/** Codes without an entry are the server's fault: 500. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  'request.invalid': 400,
  'request.forbidden': 403,
  'request.not-found': 404,
  'request.ambiguous': 409,
  'request.conflict': 409,
  'request.too-large': 413,
  'request.timeout': 504,
  'send.refused': 403,
  'send.limited': 429,
  'config.missing': 409,
  'config.invalid': 422,
  'daemon.unreachable': 503,
  'journal.no-room': 507,
};

export function errorStatus(error: unknown): number {
  return error instanceof AimxError ? (STATUS[error.code] ?? 500) : 500;
}

/** What nobody expected is named as that and no more: its text may hold what the caller may not see. */
export function errorBody(error: unknown): ErrorBody {
  if (!(error instanceof AimxError))
    return {
      error: {
        code: 'internal.failed',
        message: 'The daemon met something that it did not expect',
        hint: 'its log says more',
      },
    };
  return {
    error: {
      code: error.code,
      message: error.message,
      hint: error.hint ?? null,
      ...(error.detail === undefined ? {} : { detail: error.detail }),
    },
  };
}
