import { type Connections, end, type Statement } from '../database/connections.js';
import { migrate } from '../database/migrations.js';

/*
 * Two roles: one owns the tables and makes them, the other is the server's and only uses them. Then nobody who has no more than the
 * server's password can change what the audit says, nor take its protection away. With one role for both, plain statements are
 * refused all the same, but the role could give itself the right.
 */

const question: Statement = {
  name: 'wxpay-face audit protection',
  text: `
    select r.rolsuper as "isSuperuser",
           pg_has_role(c.relowner, 'member') or pg_has_role(n.nspowner, 'member') as "isOwner",
           r.rolcreaterole as "makesRoles"
    from pg_class c join pg_namespace n on n.oid = c.relnamespace, pg_roles r
    where c.oid = 'wxpay_face.audit'::regclass and r.rolname = current_user`,
};

/** Why this role could change the audit, if it wanted to; undefined if it can't. */
export async function weaknessOf(connections: Connections): Promise<string | undefined> {
  const [facts] = await connections.query(question, []);
  if (facts?.isSuperuser) return 'the server connects as a superuser';
  if (facts?.isOwner) return 'the server connects as the role that owns the audit';
  if (facts?.makesRoles) return 'the server connects as a role that may make roles';
  return undefined;
}

const self: Statement = { name: 'wxpay-face role', text: 'select current_user::text as "role"' };

/** As which role these connections are made. */
export async function roleOf(connections: Connections): Promise<string> {
  const [row] = await connections.query(self, []);
  return String(row?.role);
}

/**
 * Makes or changes the tables as their owner, and lets the server's role use them.
 * @param owner Connections of the role that owns the tables, or is to.
 * @param role The server's.
 * It may make schemas of its own, too: that of its jobs is one.
 * @throws pg.DatabaseError if the owner may not.
 */
export async function prepare(owner: Connections, role: string): Promise<void> {
  await migrate(owner);
  const client = await owner.single(60_000);
  try {
    const { rows } = await client.query(
      'select quote_ident($1) as "role", quote_ident(current_database()) as "database"',
      [role],
    );
    const [quoted, database] = [String(rows[0]?.role), String(rows[0]?.database)];
    await client.query(`
      begin;
      grant usage on schema wxpay_face to ${quoted};
      grant select, insert, update, delete on all tables in schema wxpay_face to ${quoted};
      revoke insert, update, delete, truncate on wxpay_face.migration, wxpay_face.audit from ${quoted};
      grant insert (server, actor, actor_id, actor_name, action, merchant, number, subject, amount, revision)
        on wxpay_face.audit to ${quoted};
      grant create on database ${database} to ${quoted};
      commit`);
  } finally {
    await end(client);
  }
}
