/** Lines of passwd(5). Pure. */

export interface Account {
  readonly name: string;
  readonly uid: number;
  /** Primary group. */
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** Reads one line of passwd(5): `name:password:uid:gid:gecos:home:shell`. Null where it is none. */
export function parsePasswdLine(line: string): Account | null {
  const fields = line.split(':');
  const [name, , uid, gid, , home, shell] = fields;
  if (fields.length !== 7 || !name || name.startsWith('#')) return null;
  if (uid === undefined || gid === undefined || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return null;
  // passwd(5): an empty home is the root folder, an empty shell is /bin/sh.
  return { name, uid: Number(uid), gid: Number(gid), home: home || '/', shell: shell || '/bin/sh' };
}

/** The first account with that name, or with that user id where `key` is a number. */
export function findAccount(passwd: string, key: string | number): Account | null {
  for (const line of passwd.split('\n')) {
    const account = parsePasswdLine(line);
    if (account !== null && (typeof key === 'number' ? account.uid : account.name) === key) return account;
  }
  return null;
}
