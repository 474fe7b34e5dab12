/** The files that a message is made of, opened by who sends it: the daemon opens no path that somebody names. */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, resolve, sep } from 'node:path';
import { AimxError, isErrno } from '../../system/errors.ts';

/** Of all attachments together: they go to the daemon in one request. */
const ATTACHED_BYTES_MAX = 8 * 1024 * 1024;

/** Pictures in one text; the limit of attachments is in sight then. */
const PICTURES_MAX = 100;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.gif': 'image/gif',
  '.html': 'text/html',
  '.ics': 'text/calendar',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.webp': 'image/webp',
  '.zip': 'application/zip',
};

export interface AttachedFile {
  readonly filename: string;
  readonly content_type: string;
  readonly content_base64: string;
  readonly inline_as?: string;
}

export interface AttachedFiles {
  readonly files: readonly AttachedFile[];
  /** What the text shows and what was not attached, one sentence each. */
  readonly remarks: readonly string[];
}

/** Why a path cannot be read, by the system's name of it. */
const UNREADABLE = ['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR', 'ENXIO', 'ELOOP', 'ENAMETOOLONG'];

function contentTypeOf(path: string): string {
  return CONTENT_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
}

/**
 * A regular file's octets.
 *
 * @throws `request.invalid` for what is none or cannot be read, `request.too-large`.
 */
export async function readRegularFile(path: string, bytesMax: number): Promise<Buffer> {
  try {
    // A FIFO without a writer would keep the opening waiting.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile())
      throw new AimxError('request.invalid', `${path} is no regular file`, { hint: 'name a file' });
    if (stat.size > bytesMax)
      throw new AimxError('request.too-large', `${path} has ${stat.size} bytes: allowed are ${bytesMax}`, {
        hint: 'send a link to it instead',
      });
    return await file.readFile();
  } catch (error) {
    if (!isErrno(error, ...UNREADABLE)) throw error;
    throw new AimxError('request.invalid', `Cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'name a file that you may read',
      cause: error,
    });
  }
}

const PICTURE = /!\[[^\]\n]{0,500}\]\(\s{0,10}<?([^\s)<>]{1,1000})>?(?:\s{1,10}"[^"\n]{0,500}")?\s{0,10}\)/g;

/** Paths by which a text shows pictures (`![](chart.png)`), each once; addresses of the web are none. */
export function picturePaths(body: string): readonly string[] {
  const paths = [...body.matchAll(PICTURE)].map(([, path = '']) => path);
  return [...new Set(paths)]
    .filter((path) => !/^(?:[a-z][a-z0-9+.-]*:|\/\/|#)/i.test(path))
    .filter((path) => contentTypeOf(path).startsWith('image/'))
    .slice(0, PICTURES_MAX);
}

/**
 * Where a picture lies, if that is in the folder or below it, links followed. The text may be the work of a
 * program that has read a stranger's mail: it must not name what else there is on the machine.
 */
async function pathWithin(folder: string, path: string): Promise<string | null> {
  if (isAbsolute(path)) return null;
  try {
    const [root, found] = await Promise.all([realpath(folder), realpath(resolve(folder, path))]);
    return found.startsWith(root.endsWith(sep) ? root : `${root}${sep}`) ? found : null;
  } catch (error) {
    if (isErrno(error, ...UNREADABLE)) return null;
    throw error;
  }
}

/**
 * Reads what is attached, and the pictures that the text shows.
 *
 * @param options.attachments As named by the caller; one that cannot be read is an error.
 * @param options.bodyFile The file that the text comes from, whose folder its pictures lie in.
 */
export async function readAttachedFiles(options: {
  readonly cwd: string;
  readonly attachments: readonly string[];
  readonly body: string;
  readonly bodyFile: string | null;
}): Promise<AttachedFiles> {
  const { cwd, bodyFile } = options;
  const folder = bodyFile === null ? cwd : dirname(resolve(cwd, bodyFile));
  let left = ATTACHED_BYTES_MAX;
  const read = async (path: string, named: string): Promise<Omit<AttachedFile, 'inline_as'>> => {
    const octets = await readRegularFile(path, left);
    left -= octets.length;
    return {
      filename: basename(named),
      content_type: contentTypeOf(named),
      content_base64: octets.toString('base64'),
    };
  };
  const files: AttachedFile[] = [];
  const remarks: string[] = [];
  for (const path of options.attachments) files.push(await read(resolve(cwd, path), path));
  for (const path of picturePaths(options.body)) {
    const found = await pathWithin(folder, path);
    if (found === null)
      remarks.push(`The picture ${path} is not sent: there is no such file below ${folder}`);
    else files.push({ ...(await read(found, path)), inline_as: path });
  }
  return { files, remarks };
}
