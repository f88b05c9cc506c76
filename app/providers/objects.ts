/**
 * The object store: files that are too large for a chat, for a while. S3, or what speaks as it does. Its library is loaded
 * where a store is named, which is where the feature is on.
 */
import { createReadStream } from 'node:fs';
import { describeError } from '../log.ts';

export interface ObjectStoreOptions {
  bucket: string;
  region: string;
  /** Another server than Amazon's: the simulated one. */
  endpoint?: string | undefined;
}

export interface Stored {
  key: string;
  /** Of the file on the disk. */
  path: string;
  /** Told of each piece: bytes so far. */
  progress?: (bytes: number) => void;
  signal: AbortSignal;
}

export interface ObjectStore {
  /**
   * Whole, or not at all; in pieces that are read from the disk one after the other. What is there already is replaced.
   * @throws {StoreFailure} and the reason of the signal where that is aborted
   */
  put(stored: Stored): Promise<void>;
  /**
   * An address from which it can be had by anybody who has it, for `lasts` ms. Nothing is asked: one of an object that is
   * not there leads nowhere.
   * @param name as which it is saved
   */
  address(key: string, name: string, lasts: number): Promise<string>;
  close(): void;
}

/** Without its cause: codes of the network would be taken for the database's, which is waited for without using an attempt. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
}

/** Bytes of a piece, of which one is in memory at a time: S3 takes 10,000 of them, which is 80 GB. */
const PIECE = 8 * 1024 * 1024;
const CONNECT_WITHIN = 10_000;
/** Without a byte in either direction, ms. */
const SILENT = 30_000;

export async function openObjectStore({ bucket, region, endpoint }: ObjectStoreOptions): Promise<ObjectStore> {
  const [{ GetObjectCommand, S3Client }, { Upload }, { getSignedUrl }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/lib-storage'),
    import('@aws-sdk/s3-request-presigner'),
  ]);
  const client = new S3Client({
    region,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: CONNECT_WITHIN, requestTimeout: SILENT },
    // S3 checks what arrives by the signature; a checksum of its own at the end of a stream others do not understand.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
  });

  return {
    async put({ key, path, progress, signal }) {
      signal.throwIfAborted();
      const body = createReadStream(path, { highWaterMark: PIECE });
      const upload = new Upload({
        client,
        params: { Bucket: bucket, Key: key, Body: body },
        queueSize: 1,
        partSize: PIECE,
      });
      upload.on('httpUploadProgress', ({ loaded }) => progress?.(loaded ?? 0));
      const cut = () => void upload.abort().catch(() => undefined);
      signal.addEventListener('abort', cut, { once: true });
      try {
        await upload.done();
      } catch (error) {
        signal.throwIfAborted();
        throw new StoreFailure(`the object store does not take a file: ${describeError(error)}`);
      } finally {
        signal.removeEventListener('abort', cut);
        body.destroy();
      }
    },

    address: (key, name, lasts) =>
      getSignedUrl(
        client,
        new GetObjectCommand({ Bucket: bucket, Key: key, ResponseContentDisposition: attachment(name) }),
        { expiresIn: Math.ceil(lasts / 1000) },
      ),

    close: () => client.destroy(),
  };
}

/** RFC 6266: its letters as they are for whoever understands them, and without for all others. */
const attachment = (name: string): string =>
  `attachment; filename="${name.replaceAll(/[^\x20-\x7e]|["\\]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(name)}`;

/** Where the file of a download lies: by its numbers, so that one that is put again replaces itself. */
export const objectOf = (botId: number, downloadId: number): string => `${botId}/${downloadId}`;
