/**
 * The object store: files that are too large for a chat, for a while. S3, or what speaks as it does. Its library is loaded
 * where a store is named, which is where the feature is on.
 */
import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
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

/** Bytes of a piece, which is read from the disk while it is sent: S3 takes 10,000 of them. */
const PIECE = 32 * 1024 * 1024;
/** How often a piece is sent at most: a stream is nothing that the library could send again. */
const TRIES = 3;
/** Before the second time, ms; twice as long before the third. */
const PAUSE = 500;
const CONNECT_WITHIN = 10_000;
/** Without a byte in either direction, ms. */
const SILENT = 30_000;

export async function openObjectStore({ bucket, region, endpoint }: ObjectStoreOptions): Promise<ObjectStore> {
  const [s3, { getSignedUrl }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/s3-request-presigner'),
  ]);
  const client = new s3.S3Client({
    region,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: CONNECT_WITHIN, requestTimeout: SILENT },
    // S3 checks what arrives by the signature; a checksum of its own at the end of a stream others do not understand.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
  });

  /** Sends some bytes of a file, from the one at `start` up to before the one at `end`. */
  async function sendPiece<T>(
    path: string,
    start: number,
    end: number,
    signal: AbortSignal,
    send: (piece: { Body: ReadStream; ContentLength: number }) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const Body = createReadStream(path, { start, end: Math.max(start, end - 1) });
      try {
        return await send({ Body, ContentLength: end - start });
      } catch (error) {
        if (signal.aborted || attempt === TRIES || isRefused(error)) throw error;
        await sleep(PAUSE * 2 ** (attempt - 1), undefined, { signal });
      } finally {
        Body.destroy();
      }
    }
  }

  async function inPieces({ key, path, progress, signal }: Stored, size: number): Promise<void> {
    const of = { Bucket: bucket, Key: key };
    const options = { abortSignal: signal };
    const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand(of), options);
    try {
      const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
      for (let start = 0; start < size; start += PIECE) {
        const end = Math.min(size, start + PIECE);
        const PartNumber = Parts.length + 1;
        const { ETag } = await sendPiece(path, start, end, signal, (piece) =>
          client.send(new s3.UploadPartCommand({ ...of, UploadId, PartNumber, ...piece }), options),
        );
        Parts.push({ PartNumber, ETag });
        progress?.(end);
      }
      const whole = new s3.CompleteMultipartUploadCommand({ ...of, UploadId, MultipartUpload: { Parts } });
      await client.send(whole, options);
    } catch (error) {
      // What this leaves behind, because nobody answers, the bucket deletes by its age.
      const given = { abortSignal: AbortSignal.timeout(CONNECT_WITHIN) };
      await client.send(new s3.AbortMultipartUploadCommand({ ...of, UploadId }), given).catch(() => undefined);
      throw error;
    }
  }

  return {
    async put(stored) {
      const { key, path, progress, signal } = stored;
      signal.throwIfAborted();
      try {
        const { size } = await stat(path);
        if (size > PIECE) return await inPieces(stored, size);
        await sendPiece(path, 0, size, signal, (piece) =>
          client.send(new s3.PutObjectCommand({ Bucket: bucket, Key: key, ...piece }), { abortSignal: signal }),
        );
        progress?.(size);
      } catch (error) {
        signal.throwIfAborted();
        throw new StoreFailure(`the object store does not take a file: ${describeError(error)}`);
      }
    },

    address: (key, name, lasts) =>
      getSignedUrl(
        client,
        new s3.GetObjectCommand({ Bucket: bucket, Key: key, ResponseContentDisposition: attachment(name) }),
        { expiresIn: Math.ceil(lasts / 1000) },
      ),

    close: () => client.destroy(),
  };
}

/** It understood, and would say the same again. */
function isRefused(error: unknown): boolean {
  const { httpStatusCode: status = 0 } = (error as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {};
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** RFC 6266: its letters as they are for whoever understands them, and without for all others. */
const attachment = (name: string): string =>
  `attachment; filename="${name.replaceAll(/[^\x20-\x7e]|["\\]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(name)}`;

/** Where the file of a download lies: by its numbers, so that one that is put again replaces itself. */
export const objectOf = (botId: number, downloadId: number): string => `${botId}/${downloadId}`;
