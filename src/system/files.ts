/**
 * Files and folders, as a port that is safe where an owner of the folder may be hostile.
 *
 * A {@link Folder} is an open handle: whatever is renamed or linked over its path later, it stays the
 * folder that was opened. Names are single components; `/`, `.`, `..`, NUL and the empty name are
 * refused. Nothing follows a symbolic link, and a file is used only when it is regular, has one link
 * and the owner and device that were asked for.
 */

export interface FileStat {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly sizeBytes: number;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly links: number;
  readonly device: bigint;
  readonly inode: bigint;
  readonly modifiedAtMs: number;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface WriteOptions {
  /** Permission bits, set on the handle before the name can be seen by others. */
  readonly mode: number;
  /** Set on the handle; left as the process's own when absent. */
  readonly owner?: Owner;
  /** Flush before resolving. */
  readonly durable: boolean;
}

/**
 * - `missing`: the name to move is absent.
 * - `target-gone`: the folder to move to has itself been removed; nothing has moved.
 */
export type MoveOutcome = 'moved' | 'taken' | 'missing' | 'target-gone' | 'other-file-system';

/** The beginning of a file, and what the file was at that moment. */
export interface FileHead {
  readonly bytes: Uint8Array;
  readonly stat: FileStat;
}

export interface Folder extends AsyncDisposable {
  /** Where it was opened; for messages, never for access. */
  readonly path: string;
  stat(): Promise<FileStat>;
  /** Null where the name is absent. Never follows a link. */
  statEntry(name: string): Promise<FileStat | null>;
  list(): Promise<readonly string[]>;
  /** Opens a subfolder. @throws `files.unsafe` where it is a link or no folder, `ENOENT` where absent. */
  openFolder(name: string): Promise<Folder>;
  /** Makes a subfolder; `EEXIST` where the name is taken. */
  makeFolder(name: string, options: { readonly mode: number; readonly owner?: Owner }): Promise<Folder>;
  /** Makes a new file with O_EXCL and O_NOFOLLOW; a failed write or flush removes it. */
  writeFile(name: string, bytes: Uint8Array | readonly Uint8Array[], options: WriteOptions): Promise<void>;
  /** @throws `files.unsafe` for anything but a regular file with one link, `files.too-large` above the limit. */
  readFile(
    name: string,
    options: { readonly maxBytes: number; readonly owner?: Pick<Owner, 'uid'> },
  ): Promise<Uint8Array>;
  /** The first bytes of a file, at most `maxBytes`. @throws `files.unsafe` as {@link readFile}. */
  readHead(
    name: string,
    options: { readonly maxBytes: number; readonly owner?: Pick<Owner, 'uid'> },
  ): Promise<FileHead>;
  /**
   * Sets owner and mode of a file on its handle, and flushes it where `durable`.
   *
   * @param options.from The only owner that the file may have before; any where absent.
   * @throws `files.unsafe` as {@link readFile}.
   */
  sealFile(name: string, options: WriteOptions & { readonly from?: Pick<Owner, 'uid'> }): Promise<void>;
  /** Renames to a free name in another folder of the same file system. */
  moveTo(name: string, target: Folder, targetName: string): Promise<MoveOutcome>;
  /** Swaps two names; `missing` where one is absent. */
  exchangeWith(name: string, target: Folder, targetName: string): Promise<Exclude<MoveOutcome, 'taken'>>;
  /** Removes a file or link; absent is no error. */
  removeFile(name: string): Promise<void>;
  /** Removes whatever has the name, a folder with all in it, following no link; absent is no error. */
  removeTree(name: string): Promise<void>;
  setAttributes(options: { readonly mode?: number; readonly owner?: Owner }): Promise<void>;
  /** Flushes the folder's own entries. */
  sync(): Promise<void>;
}

export interface Files {
  /** Opens a folder by an absolute path, whose components are the operator's and may be links. */
  openRoot(path: string): Promise<Folder>;
  /** Makes a folder and its parents where they are absent. */
  ensureRoot(path: string, options: { readonly mode: number }): Promise<Folder>;
}
