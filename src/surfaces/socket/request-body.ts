/** Reads the body of a request within its limit. */
import { AimxError } from '../../system/errors.ts';

export interface BodyBounds {
  readonly bytesMax: number;
  /** Beyond it a request waits for its turn. */
  readonly usualBytes: number;
  /** Awaited once, before more than the usual is read; the sender waits meanwhile. */
  readonly enter: () => Promise<void>;
}

/**
 * A JSON object; an empty body is `{}`.
 *
 * @throws `request.too-large`, `request.invalid`.
 */
export async function readJsonBody(
  body: AsyncIterable<Uint8Array> | null,
  { bytesMax, usualBytes, enter }: BodyBounds,
): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  let isLarge = false;
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > bytesMax)
      throw new AimxError('request.too-large', `The body is larger than ${bytesMax} bytes`, {
        hint: 'send less at once',
      });
    if (!isLarge && sizeBytes > usualBytes) {
      isLarge = true;
      await enter();
    }
    chunks.push(chunk);
  }
  if (sizeBytes === 0) return {};
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new AimxError('request.invalid', 'The body is not UTF-8', { hint: 'send JSON in UTF-8' });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AimxError('request.invalid', `The body is not JSON: ${(error as Error).message}`, {
      hint: 'send a JSON object, such as {"mailbox":"support"}',
    });
  }
}
