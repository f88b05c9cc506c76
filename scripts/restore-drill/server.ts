/** The throw-away server of a drill: made from the latest snapshot of a stack's database, and gone afterwards. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DBInstance, DBSnapshot, RDSClient } from '@aws-sdk/client-rds';
import { clientSettings, type Access } from '../../infra/aws/access.ts';
import { PlaceError } from '../ops/place.ts';

/** Longest wait until a server is there, and until it is gone, ms. */
const RESTORE_WITHIN = 2 * 3_600_000;
const DELETE_WITHIN = 3_600_000;

export interface Copy {
  name: string;
  /** What RDS calls it and no other server: the copy tells by it that it is one. */
  server: string;
  /** Host that it answers at, inside the network of the stack alone. */
  host: string;
  instanceClass: string;
  /** GB. */
  storage: number;
}

export interface Drills {
  /** Servers of earlier drills that were not deleted: one that was killed leaves its own. */
  leftovers(): Promise<string[]>;
  latest(): Promise<{ name: string; taken: Date }>;
  /** Begins it. @returns its name, for whoever has to delete it */
  restore(snapshot: string): Promise<string>;
  /** Waits until it answers. */
  ready(name: string, signal: AbortSignal): Promise<Copy>;
  /** Deletes it without a last snapshot, and waits until it is gone. */
  remove(name: string): Promise<void>;
  [Symbol.dispose](): void;
}

const isGone = (error: unknown): boolean => (error as Error).name.startsWith('DBInstanceNotFound');

async function describe(rds: RDSClient, name: string): Promise<DBInstance | undefined> {
  const { DescribeDBInstancesCommand } = await import('@aws-sdk/client-rds');
  try {
    const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: name }));
    return DBInstances[0];
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

const newest = (one: DBSnapshot, other: DBSnapshot): number =>
  (other.SnapshotCreateTime?.getTime() ?? 0) - (one.SnapshotCreateTime?.getTime() ?? 0);

/** @param prefix what the stack's names begin with; its database is called so */
export async function drills(access: Access, prefix: string, poll: number): Promise<Drills> {
  const {
    RDSClient,
    DeleteDBInstanceCommand,
    RestoreDBInstanceFromDBSnapshotCommand,
    paginateDescribeDBInstances,
    paginateDescribeDBSnapshots,
  } = await import('@aws-sdk/client-rds');
  const rds = new RDSClient(await clientSettings(access));
  const own = `${prefix}-drill-`;

  return {
    async leftovers() {
      const names: string[] = [];
      for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client: rds }, {}))
        for (const { DBInstanceIdentifier: name = '', DBInstanceStatus: status } of DBInstances)
          if (name.startsWith(own) && status !== 'deleting') names.push(name);
      return names;
    },

    async latest() {
      const found: DBSnapshot[] = [];
      for await (const { DBSnapshots = [] } of paginateDescribeDBSnapshots(
        { client: rds },
        { DBInstanceIdentifier: prefix },
      ))
        found.push(...DBSnapshots.filter(({ Status }) => Status === 'available'));
      const [snapshot] = found.sort(newest);
      if (!snapshot?.DBSnapshotIdentifier || !snapshot.SnapshotCreateTime)
        throw new PlaceError(
          `there is no snapshot of ${prefix} in ${access.region}: the first is made in the backup window`,
        );
      return { name: snapshot.DBSnapshotIdentifier, taken: snapshot.SnapshotCreateTime };
    },

    async restore(snapshot) {
      const live = await describe(rds, prefix);
      if (!live)
        throw new PlaceError(`there is no database ${prefix} in ${access.region}, whose network the copy would be in`);
      const name = `${own}${randomBytes(4).toString('hex')}`;
      await rds.send(
        new RestoreDBInstanceFromDBSnapshotCommand({
          DBInstanceIdentifier: name,
          DBSnapshotIdentifier: snapshot,
          DBInstanceClass: live.DBInstanceClass,
          DBSubnetGroupName: live.DBSubnetGroup?.DBSubnetGroupName,
          // The same rules: only the stack's own tasks reach it.
          VpcSecurityGroupIds: (live.VpcSecurityGroups ?? []).flatMap(({ VpcSecurityGroupId: id }) => id ?? []),
          // Its limits decide whether a migration agrees to run.
          DBParameterGroupName: live.DBParameterGroups?.[0]?.DBParameterGroupName,
          PubliclyAccessible: false,
          // One copy for an hour: the promise that is tried is the snapshot's.
          MultiAZ: false,
          DeletionProtection: false,
          CopyTagsToSnapshot: false,
          Tags: [{ Key: 'purpose', Value: 'restore-drill' }, ...(live.TagList ?? [])],
        }),
      );
      return name;
    },

    async ready(name, signal) {
      for (const until = Date.now() + RESTORE_WITHIN; ; await sleep(poll, undefined, { signal })) {
        const made = await describe(rds, name);
        if (!made) throw new PlaceError(`${name}: somebody deleted the copy while it was made`);
        if (made.DBInstanceStatus === 'available' && made.Endpoint?.Address)
          return {
            name,
            server: made.DbiResourceId ?? name,
            host: made.Endpoint.Address,
            instanceClass: made.DBInstanceClass ?? '',
            storage: made.AllocatedStorage ?? 0,
          };
        if (/fail|incompatible/.test(made.DBInstanceStatus ?? ''))
          throw new PlaceError(`${name}: RDS says ${made.DBInstanceStatus}: the snapshot does not become a server`);
        if (Date.now() > until)
          throw new PlaceError(`${name}: still ${made.DBInstanceStatus} after ${RESTORE_WITHIN / 60_000} minutes`);
      }
    },

    async remove(name) {
      try {
        await rds.send(
          new DeleteDBInstanceCommand({
            DBInstanceIdentifier: name,
            SkipFinalSnapshot: true,
            DeleteAutomatedBackups: true,
          }),
        );
      } catch (error) {
        if (isGone(error)) return;
        throw error;
      }
      for (const until = Date.now() + DELETE_WITHIN; (await describe(rds, name)) !== undefined; await sleep(poll))
        if (Date.now() > until)
          throw new PlaceError(
            `${name}: not gone after ${DELETE_WITHIN / 60_000} minutes: look at it in the console, it costs`,
          );
    },

    [Symbol.dispose]() {
      rds.destroy();
    },
  };
}
