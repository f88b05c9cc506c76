/** How tasks are told of the simulated object store: as of a real one, with its keys in place of a task role. */
import type { SimulatedObjects } from '../../contract/index.ts';

export const storeEnvironment = (objects: SimulatedObjects): Record<string, string> => ({
  OBJECT_STORE_BUCKET: objects.bucket,
  OBJECT_STORE_REGION: objects.region,
  OBJECT_STORE_ENDPOINT: objects.endpoint,
  AWS_ACCESS_KEY_ID: objects.accessKeyId,
  AWS_SECRET_ACCESS_KEY: objects.secretAccessKey,
});
